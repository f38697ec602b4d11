import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type Bundles,
  createBundles,
  createQueue,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
let bundles: Bundles;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
  bundles = createBundles({ commands });
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  queue = createQueue({ commands, leaseMs: 30_000, limits: { finished: 0 } });
});

const room = { bytes: 100, files: 10, repositoryBytes: 150 };
const keepMs = 60_000;
let agents = 0;
const claim = async () => {
  agents += 1;
  const claimed = await queue.claim({ pool: 'default', agent: `agent-${agents}`, tokenHash: 'a'.repeat(64) });
  if (claimed === undefined) throw new Error('no job waits');
  return { id: claimed.job, fence: claimed.fence, agent: `agent-${agents}` };
};
const start = async (workflow = 'test') => {
  await queue.enqueue(toRequest([toNewJob({ spec: toSpec({ workflow }) })]));
  return claim();
};
const open = (id: string, fence: number, bytes = 10, files = 1) =>
  bundles.open(id, fence, { bytes, files }, room);
const stored = () => commands.hgetall(toKey('stored'));

test('a bundle is listed when it is whole, and not before', async () => {
  const { id, fence } = await start();
  expect(await open(id, fence)).toEqual({ answer: 'done', n: 1 });
  expect(await open(id, fence, 0)).toEqual({ answer: 'done', n: 2 });
  expect(await bundles.list(id)).toEqual([]);
  expect(await bundles.find(id, 1)).toEqual({ n: 1, fence, bytes: 10, isWhole: false });
  expect(await bundles.close(id, fence, 1, keepMs)).toBe('done');
  expect(await bundles.close(id, fence, 1, keepMs)).toBe('done');
  expect(await bundles.list(id)).toEqual([{ n: 1, fence, bytes: 10, isWhole: true }]);
  expect(await queue.audit()).toEqual([]);
});

test('a job keeps no more bytes and files than it may, over all its steps', async () => {
  const { id, fence } = await start();
  expect(await open(id, fence, 101)).toEqual({ answer: 'bytes' });
  expect(await open(id, fence, 60, 6)).toMatchObject({ answer: 'done' });
  expect(await open(id, fence, 41, 1)).toEqual({ answer: 'bytes' });
  expect(await open(id, fence, 1, 5)).toEqual({ answer: 'files' });
  expect(await open(id, fence, 40, 4)).toMatchObject({ answer: 'done' });
});

test('the jobs of a repository share its room', async () => {
  const one = await start('one');
  const two = await start('two');
  expect(await open(one.id, one.fence, 100)).toMatchObject({ answer: 'done' });
  expect(await open(two.id, two.fence, 51)).toEqual({ answer: 'repository' });
  expect(await open(two.id, two.fence, 50)).toMatchObject({ answer: 'done' });
  expect(await stored()).toEqual({ 'local/ada/engine': '150' });
});

test('who has lost the job adds nothing, and what it sent is not mixed with what comes after', async () => {
  const first = await start();
  await open(first.id, first.fence);
  await bundles.close(first.id, first.fence, 1, keepMs);
  await open(first.id, first.fence);
  await queue.lost(first.agent, 'killed');
  expect(await open(first.id, first.fence)).toEqual({ answer: 'stale' });
  const second = await claim();
  expect(await bundles.close(first.id, first.fence, 2, keepMs)).toBe('stale');
  expect(await bundles.close(second.id, second.fence, 2, keepMs)).toBe('stale');
  expect(await bundles.list(first.id)).toEqual([]);
  // A number is never given again: what the first still sends goes nowhere else.
  expect(await open(second.id, second.fence)).toEqual({ answer: 'done', n: 3 });
  expect(await bundles.litter(10)).toEqual(
    expect.arrayContaining([1, 2].map((n) => ({ id: first.id, n, bytes: 10 }))),
  );
  expect(await stored()).toEqual({ 'local/ada/engine': '10' });
  expect(await queue.audit()).toEqual([]);
});

test('a job that has ended takes nothing more, and keeps what it has', async () => {
  const { id, fence } = await start();
  await open(id, fence);
  await bundles.close(id, fence, 1, keepMs);
  await queue.complete(id, fence, { outcome: 'failure' });
  expect(await open(id, fence)).toEqual({ answer: 'stale' });
  expect(await bundles.list(id)).toHaveLength(1);
});

test('what is too old goes, and leaves its bytes to be removed', async () => {
  const { id, fence } = await start();
  await open(id, fence);
  await open(id, fence);
  await bundles.close(id, fence, 1, keepMs);
  expect(await bundles.expire()).toBe(0);
  await commands.zadd(toKey('bundles'), 1, `${id} 1`);
  expect(await bundles.expire()).toBe(1);
  expect(await bundles.list(id)).toEqual([]);
  const [litter] = await bundles.litter(10);
  expect(litter).toEqual({ id, n: 1, bytes: 10 });
  await bundles.forget(litter ?? { id, n: 0, bytes: 0 });
  expect(await bundles.litter(10)).toEqual([]);
  expect(await stored()).toEqual({ 'local/ada/engine': '10' });
  expect(await queue.audit()).toEqual([]);
});

test('with the job its artifacts go', async () => {
  const { id, fence } = await start();
  await open(id, fence);
  await queue.complete(id, fence, { outcome: 'success' });
  await queue.tick();
  expect(await queue.job(id)).toBeUndefined();
  expect(await bundles.litter(10)).toEqual([{ id, n: 1, bytes: 10 }]);
  expect([await stored(), await commands.exists(toKeyOf('bundle', id), toKey('bundles'))]).toEqual([{}, 0]);
});
