import { expect, test } from '@jest/globals';
import { createQueue, type EnqueueResult, type Queue } from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toFound, toNewJob, toPush, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';
import type { TestRedis } from '../../../support/redis.ts';

const hourMs = 3_600_000;
const repository = toSpec().repository;
let redis: TestRedis;
let commands: Redis;
let queue: Queue;
useQueue((opened) => {
  ({ redis, commands, queue } = opened);
});

const push = (n: number, perHour: number) => ({ ...toPush(n.toString(16).padStart(40, '0')), perHour });
const asked = (perHour: number, jobs = 1) => {
  const names = ['a', 'b', 'c', 'd', 'e'].slice(0, jobs);
  return { ...toRequest(names.map((workflow) => toNewJob({ spec: toSpec({ workflow }) }))), perHour };
};
/** In which of the repository's hours each delayed job begins, and how many go now. */
async function places() {
  const from = Number(await commands.hget(toKeyOf('hour', repository), 'from'));
  const due = await commands.zrange(toKey('delayed'), '0', '-1', 'WITHSCORES');
  const hours = due.filter((_, i) => i % 2 === 1).map((score) => (Number(score) - from) / hourMs);
  return { now: (await queue.counts()).get('queued'), hours };
}
const pass = (hours: number) => commands.hincrby(toKeyOf('hour', repository), 'from', -hours * hourMs);
const answers = (results: EnqueueResult[]) => results.map(({ answer }) => answer);

test('of pushes that come to two replicas at once, exactly as many begin in each hour as may, and none is lost', async () => {
  const other = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
  const results = await Promise.all(
    Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? queue : other).enqueue(push(n, 8))),
  );
  expect(new Set(answers(results))).toEqual(new Set(['enqueued']));
  expect(await places()).toEqual({ now: 8, hours: [...Array(8).fill(1), ...Array(4).fill(2)] });
  expect(await queue.audit()).toEqual([]);
  const { jobs } = await queue.jobs({ states: ['delayed'], limit: 1 });
  expect(jobs[0]).toMatchObject({ reason: 'its repository may begin 8 jobs an hour' });
});

test('what waits for its hour begins in it, and can be cancelled before', async () => {
  await queue.enqueue(push(1, 1));
  await queue.enqueue(push(2, 1));
  await queue.enqueue(push(3, 1));
  const delayed = (await queue.jobs({ states: ['delayed'], limit: 9 })).jobs.map(({ id }) => id);
  expect(await queue.cancel(delayed[0] ?? '', 'ada')).toBe('done');
  await queue.tick();
  await commands.zadd(toKey('delayed'), 1, delayed[1] ?? '');
  await queue.tick();
  expect((await queue.job(delayed[1] ?? ''))?.job.state).toBe('queued');
  expect(await queue.audit()).toEqual([]);
});

test('whoever asks is told when there is room, and nothing of it is counted', async () => {
  expect(answers(await Promise.all([queue.enqueue(asked(2)), queue.enqueue(asked(2))]))).toEqual([
    'enqueued',
    'enqueued',
  ]);
  const full = await queue.enqueue(asked(2));
  expect(full).toMatchObject({ answer: 'full', of: 'hour', most: 2 });
  const { afterMs = 0 } = full as { afterMs?: number };
  expect(afterMs).toBeGreaterThan(hourMs - 60_000);
  expect(afterMs).toBeLessThanOrEqual(hourMs);
  await pass(1);
  expect(answers([await queue.enqueue(asked(2)), await queue.enqueue(asked(2))])).toEqual([
    'enqueued',
    'enqueued',
  ]);
});

test('a pipeline begins as a whole: in an hour with room for all of it, or in one of its own', async () => {
  await queue.enqueue(asked(3));
  expect(await queue.enqueue(asked(3, 3))).toMatchObject({ answer: 'full', of: 'hour' });
  expect(await queue.enqueue(asked(3, 2))).toMatchObject({ answer: 'enqueued' });
  await pass(1);
  expect(await queue.enqueue(asked(3, 5))).toMatchObject({ answer: 'enqueued' });
  await pass(1);
  expect(await queue.enqueue(asked(3, 2))).toMatchObject({ answer: 'full', of: 'hour' });
  expect(await queue.enqueue(asked(3))).toMatchObject({ answer: 'enqueued' });
});

test('what an hour left when it was over is gone', async () => {
  await queue.enqueue(asked(2));
  await pass(5);
  expect(answers([await queue.enqueue(asked(2)), await queue.enqueue(asked(2))])).toEqual([
    'enqueued',
    'enqueued',
  ]);
  expect(await queue.enqueue(asked(2))).toMatchObject({ answer: 'full' });
});

test('the jobs that an agent adds are counted, and nothing stays when the hours are over', async () => {
  const key = toKeyOf('hour', repository);
  await queue.enqueue({ ...toRequest([toNewJob()]), perHour: 4 });
  const claimed = await queue.claim({ pool: 'default', agent: 'a', tokenHash: 'c'.repeat(64) });
  await queue.expand(claimed?.job ?? '', claimed?.fence ?? 0, toFound(['b', 'c', 'd', 'e']));
  expect(await queue.enqueue(asked(4))).toMatchObject({ answer: 'full', of: 'hour' });
  const from = Number(await commands.hget(key, 'from'));
  expect(await commands.pexpiretime(key)).toBe(from + 2 * hourMs);
});

test('a clock that went back keeps nobody waiting for it, and without a number nothing is counted', async () => {
  await queue.enqueue(push(1, 1));
  await pass(-30);
  await queue.enqueue(push(2, 1));
  const [, due = ''] = await commands.zrange(toKey('delayed'), '0', '-1', 'WITHSCORES');
  expect(Number(due) - Date.now()).toBeLessThanOrEqual(hourMs);
  await commands.del(toKeyOf('hour', repository));
  await queue.enqueue(toPush('f'.repeat(40)));
  expect(await commands.exists(toKeyOf('hour', repository))).toBe(0);
});
