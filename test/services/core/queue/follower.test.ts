import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { JobEvent } from '../../../../services/core/job/index.ts';
import {
  createFollower,
  createQueue,
  type FollowedEvent,
  type Follower,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { toKey } from '../../../../services/core/queue/keys.ts';
import { openRedis, type Redis } from '../../../../services/core/runtime/index.ts';
import { toRequest } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';
import { until } from '../../../support/until.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
let follower: Follower;
let opened = 0;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  opened = 0;
  queue = createQueue({ commands, leaseMs: 30_000 });
  follower = createFollower({
    commands,
    openBlocking: () => {
      opened += 1;
      return openRedis({ url: redis.url }, 'blocking');
    },
  });
});
afterEach(() => follower.close());

const enqueue = async () => {
  const result = await queue.enqueue(toRequest());
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
};
const claim = async (agent = 'one') => {
  const claimed = await queue.claim({ pool: 'default', agent, tokenHash: '' });
  if (claimed === undefined) throw new Error('no job');
  return claimed;
};

/** Reads in the background into a list. */
function collect<T>(from: (signal: AbortSignal) => AsyncIterable<T>) {
  const stop = new AbortController();
  const seen: T[] = [];
  const ended = (async () => {
    for await (const each of from(stop.signal)) seen.push(each);
  })();
  return { seen, stop: () => stop.abort(), ended };
}
const toTypes = (messages: FollowedEvent[]) =>
  messages.map((message) => ('reset' in message ? 'reset' : message.event.type));

test('a reader gets what happened before it came and what happens after, once each, in order', async () => {
  const job = await enqueue();
  const reader = collect((signal) => follower.events('0-0', signal));
  await until(() => reader.seen.length === 1);
  const { fence } = await claim();
  await queue.complete(job, fence, { outcome: 'success' });
  await until(() => reader.seen.length === 3);
  expect(toTypes(reader.seen)).toEqual(['created', 'claimed', 'finished']);
  reader.stop();
  await reader.ended;
});

test('a reader goes on from any event that it has seen', async () => {
  await Promise.all([enqueue(), enqueue(), enqueue()]);
  const all = collect((signal) => follower.events('0-0', signal));
  await until(() => all.seen.length === 3);
  const [first] = all.seen;
  const rest = collect((signal) =>
    follower.events(first === undefined || 'reset' in first ? '' : first.id, signal),
  );
  await until(() => rest.seen.length === 2);
  expect(rest.seen).toEqual(all.seen.slice(1));
  all.stop();
  rest.stop();
  await Promise.all([all.ended, rest.ended]);
});

test('`created` is the job as it began, also for who reads it when the job has ended', async () => {
  const job = await enqueue();
  const { fence } = await claim();
  await queue.complete(job, fence, { outcome: 'failure', reason: 'red', exitCode: 1 });
  const reader = collect((signal) => follower.events('0-0', signal));
  await until(() => reader.seen.length === 3);
  const [message] = reader.seen;
  const event: JobEvent | undefined = message === undefined || 'reset' in message ? undefined : message.event;
  expect(event).toMatchObject({
    type: 'created',
    snapshot: { id: job, state: 'queued', attempt: 0, steps: [], cancelling: false },
  });
  reader.stop();
  await reader.ended;
});

test('who only waits learns which jobs changed, and Redis is asked nothing for it', async () => {
  const first = await enqueue();
  const { fence } = await claim();
  const reader = collect((signal) => follower.changes('0-0', signal));
  await until(() => reader.seen.length === 2);
  await commands.config('RESETSTAT');
  await queue.step(first, fence, { name: 'test', state: 'running' });
  const second = await enqueue();
  await queue.complete(first, fence, { outcome: 'success' });
  await until(() => reader.seen.length === 4);
  expect(reader.seen).toEqual([first, first, second, first].map((job) => ({ job })));
  // The three calls that changed something.
  expect(await commands.info('commandstats')).toMatch(/cmdstat_evalsha:calls=3,/);
  reader.stop();
  await reader.ended;
});

test('a reader whose last event has been trimmed, or is not of this stream, is told to begin anew', async () => {
  for (let i = 0; i < 30; i++) await enqueue();
  await commands.xtrim(toKey('events'), 'MAXLEN', 10);
  for (const from of ['0-0', '1-1', '9999999999999-0']) {
    const reader = collect((signal) => follower.events(from, signal));
    await reader.ended;
    expect(reader.seen).toEqual([{ reset: true }]);
  }
  await commands.del(toKey('events'));
  const reader = collect((signal) => follower.events('5-0', signal));
  await reader.ended;
  expect(reader.seen).toEqual([{ reset: true }]);
});

test('a reader that claims to have seen the future keeps nothing from those who come after it', async () => {
  const job = await enqueue();
  const { fence } = await claim();
  await queue.appendLog(job, fence, 1, 'build', Buffer.from('a'));
  for (const from of ['nonsense', '-1-0', '9'.repeat(15).concat('-0')]) {
    const reader = collect((signal) => follower.events(from, signal));
    await reader.ended;
    expect(reader.seen).toEqual([{ reset: true }]);
  }
  const liars = [
    collect((signal) => follower.log(job, { fence, after: 1e9 }, signal)),
    collect((signal) => follower.log(job, { fence: 99, after: 0 }, signal)),
    collect((signal) => follower.log(job, { fence: -1, after: -7 }, signal)),
  ];
  const honest = collect((signal) => follower.log(job, { after: 0 }, signal));
  await until(() => honest.seen.length === 1);
  await queue.appendLog(job, fence, 2, 'build', Buffer.from('b'));
  await until(() => honest.seen.length === 2 && liars.every(({ seen }) => seen.at(-1)?.chunk.n === 2));
  for (const reader of [...liars, honest]) reader.stop();
  await Promise.all([...liars, honest].map(({ ended }) => ended));
});

test('a hundred readers share one blocking connection', async () => {
  const readers = Array.from({ length: 100 }, () => collect((signal) => follower.events('0-0', signal)));
  await enqueue();
  await until(() => readers.every(({ seen }) => seen.length === 1));
  expect(opened).toBe(1);
  for (const reader of readers) reader.stop();
  await Promise.all(readers.map(({ ended }) => ended));
});

test('a reader that stands still while 3,000 events pass gets them all when it goes on', async () => {
  const walker = follower.events('0-0', new AbortController().signal)[Symbol.asyncIterator]();
  await enqueue();
  expect((await walker.next()).done).toBe(false);
  for (let i = 0; i < 30; i++) await Promise.all(Array.from({ length: 100 }, enqueue));
  const ids = new Set<string>();
  while (ids.size < 3_000) {
    const { value } = await walker.next();
    if (value !== undefined && !('reset' in value)) ids.add(value.event.job);
  }
  await walker.return?.(undefined);
});

test('a log is followed as it grows, over a lost agent, to the end of the job', async () => {
  const job = await enqueue();
  const reader = collect((signal) => follower.log(job, { after: 0 }, signal));
  const first = await claim('one');
  await queue.appendLog(job, first.fence, 1, 'build', Buffer.from('a'));
  await until(() => reader.seen.length === 1);
  // New while the read of the first log blocks.
  const other = await enqueue();
  const otherReader = collect((signal) => follower.log(other, { after: 0 }, signal));
  const theOther = await claim('other');
  await queue.appendLog(other, theOther.fence, 1, 'test', Buffer.from('x'));
  await until(() => otherReader.seen.length === 1);
  await queue.lost('one', 'killed');
  const second = await claim('two');
  await queue.appendLog(job, second.fence, 1, 'build', Buffer.from('b'));
  await queue.appendLog(job, second.fence, 2, 'build', Buffer.from('c'));
  await queue.complete(job, second.fence, { outcome: 'success' });
  await reader.ended;
  const read = reader.seen.map(({ fence, chunk }) => `${fence} ${chunk.n} ${Buffer.from(chunk.bytes)}`);
  expect(read).toEqual(['1 1 a', '3 1 b', '3 2 c']);
  otherReader.stop();
  await otherReader.ended;
});

test('the log of a job that has ended is read from where one was, and ends', async () => {
  const job = await enqueue();
  const { fence } = await claim();
  for (let n = 1; n <= 150; n++) await queue.appendLog(job, fence, n, 'build', Buffer.from(`${n}\n`));
  await queue.complete(job, fence, { outcome: 'success' });
  const reader = collect((signal) => follower.log(job, { fence, after: 100 }, signal));
  await reader.ended;
  expect(reader.seen.map(({ chunk }) => chunk.n)).toEqual(Array.from({ length: 50 }, (_, i) => 101 + i));
});

test('the log of a job that never ran, and of none, just ends', async () => {
  const job = await enqueue();
  const reader = collect((signal) => follower.log(job, { after: 0 }, signal));
  await queue.cancel(job, 'ada');
  await reader.ended;
  await collect((signal) => follower.log('0'.repeat(20), { after: 0 }, signal)).ended;
  expect(reader.seen).toEqual([]);
});

test('a follower goes on after its connections were killed', async () => {
  const reader = collect((signal) => follower.events('0-0', signal));
  await enqueue();
  await until(() => reader.seen.length === 1);
  await commands.call('CLIENT', ['KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
  await enqueue();
  await until(() => reader.seen.length === 2);
  reader.stop();
  await reader.ended;
});

test('closing a follower ends all that read from it', async () => {
  const job = await enqueue();
  await claim();
  const readers = [
    collect<unknown>((signal) => follower.events('0-0', signal)),
    collect<unknown>((signal) => follower.log(job, { after: 0 }, signal)),
  ];
  await until(() => readers[0]?.seen.length === 2);
  await follower.close();
  await Promise.all(readers.map(({ ended }) => ended));
});
