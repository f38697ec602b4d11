import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import { toPush, toRequest } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

const leaseMs = 1000;
let redis: TestRedis;
let queue: Queue;
beforeAll(async () => {
  redis = await startRedis();
  queue = createQueue({ commands: await redis.connect(), leaseMs });
});
afterAll(() => redis.stop());

const repository = 'local/ada/engine';
const ref = 'refs/heads/main';

test('a head that was only noted starts nothing, and the push after it does', async () => {
  await queue.noteHead(repository, ref, 'a'.repeat(40));
  expect((await queue.jobs({ limit: 1 })).jobs).toEqual([]);
  await queue.enqueue(toPush('b'.repeat(40), { before: 'a'.repeat(40) }));
  expect(await queue.heads(repository)).toEqual(new Map([[ref, 'b'.repeat(40)]]));
});

test('jobs are counted by state', async () => {
  const counts = await queue.counts();
  expect([counts.get('queued'), counts.get('running'), counts.size]).toEqual([1, 0, 11]);
});

test('a token ends with its job, but for the repeat of a complete whose answer was lost', async () => {
  const tokenHash = 'c'.repeat(64);
  await queue.enqueue(toRequest());
  const claimed = await queue.claim({ pool: 'default', agent: 'one', tokenHash });
  if (claimed === undefined) throw new Error('no job');
  const { job, fence } = claimed;
  expect(await queue.authenticate(job, tokenHash)).toBe(fence);
  await queue.complete(job, fence, { outcome: 'success' });
  expect(await queue.authenticate(job, tokenHash)).toBeUndefined();
  expect(await queue.authenticate(job, tokenHash, true)).toBe(fence);
});

test('a token also ends with an attempt that is to be repeated', async () => {
  const tokenHash = 'd'.repeat(64);
  const claimed = await queue.claim({ pool: 'default', agent: 'two', tokenHash });
  if (claimed === undefined) throw new Error('no job');
  const { job, fence } = claimed;
  await queue.complete(job, fence, { outcome: 'error', reason: 'the registry does not answer' });
  expect((await queue.job(job))?.job.state).toBe('delayed');
  expect(await queue.authenticate(job, tokenHash)).toBeUndefined();
  expect(await queue.authenticate(job, tokenHash, true)).toBe(fence);
});
