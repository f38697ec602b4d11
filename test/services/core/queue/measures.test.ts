import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  createMeasures,
  createQueue,
  type Measures,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
let measures: Measures;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  queue = createQueue({ commands, leaseMs: 30_000 });
  measures = createMeasures({ commands, names: 2 });
  // From here on is counted.
  await measures.fold();
});

async function enqueue(repository = 'local/ada/engine', pool = 'default'): Promise<string> {
  const result = await queue.enqueue(toRequest([toNewJob({ pool, spec: toSpec({ repository }) })]));
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
}
async function run(outcome: 'success' | 'failure', pool = 'default') {
  const claimed = await queue.claim({ pool, agent: `a${Math.random()}`, tokenHash: '0'.repeat(64) });
  if (claimed !== undefined) await queue.complete(claimed.job, claimed.fence, { outcome });
}
const sum = (counts: number[]) => counts.reduce((all, count) => all + count, 0);

test('each end of a job is counted once, whichever replica adds up, and however often', async () => {
  const other = createMeasures({ commands, names: 2 });
  for (let i = 0; i < 30; i++) {
    await enqueue();
    await run(i % 3 === 0 ? 'failure' : 'success');
    if (i % 4 === 0) await Promise.all([measures.fold(), other.fold(), measures.fold()]);
  }
  await queue.cancel(await enqueue(), 'ada');
  await Promise.all([measures.fold(), other.fold()]);
  const { jobs, ran, waited } = await measures.totals();
  expect(jobs.sort((a, b) => (a.outcome < b.outcome ? -1 : 1))).toEqual([
    { repository: 'local/ada/engine', outcome: 'cancelled', count: 1 },
    { repository: 'local/ada/engine', outcome: 'failure', count: 10 },
    { repository: 'local/ada/engine', outcome: 'success', count: 20 },
  ]);
  // The cancelled one neither ran nor waited to its end.
  expect(ran.map(({ name, counts }) => [name, sum(counts)])).toEqual([['local/ada/engine', 30]]);
  expect(waited.map(({ name, counts }) => [name, sum(counts)])).toEqual([['default', 30]]);
});

test('a time is in the first bucket that holds it', async () => {
  const id = await enqueue();
  await commands.hincrby(toKeyOf('job', id), 'queued', '-700');
  const claimed = await queue.claim({ pool: 'default', agent: 'one', tokenHash: '0'.repeat(64) });
  await commands.hincrby(toKeyOf('job', id), 'started', '-20000');
  await queue.complete(id, claimed?.fence ?? 0, { outcome: 'success' });
  await measures.fold();
  const { ran, waited } = await measures.totals();
  expect(waited[0]?.counts.indexOf(1)).toBe(3); // up to 1 s
  expect(ran[0]?.counts.indexOf(1)).toBe(3); // up to 30 s
  expect(Math.floor(ran[0]?.sumSeconds ?? 0)).toBe(20);
});

test('whoever makes repositories and pools makes no figures without end', async () => {
  for (let i = 0; i < 6; i++) {
    await enqueue(`local/ada/r${i}`, `p${i}`);
    await run('success', `p${i}`);
  }
  await measures.fold();
  const { jobs, waited } = await measures.totals();
  const names = (all: string[]) => [...new Set(all)].sort();
  expect(names(jobs.map(({ repository }) => repository))).toEqual(['local/ada/r0', 'local/ada/r1', 'other']);
  expect(jobs.find(({ repository }) => repository === 'other')?.count).toBe(4);
  expect(names(waited.map(({ name }) => name))).toEqual(['other', 'p0', 'p1']);
});

test('a pool says how many jobs wait in it, and how long the first', async () => {
  await enqueue();
  await enqueue();
  expect(await measures.depths()).toEqual([{ pool: 'default', queued: 2, oldestMs: expect.any(Number) }]);
  await run('success');
  await run('success');
  expect(await measures.depths()).toEqual([{ pool: 'default', queued: 0, oldestMs: 0 }]);
});

test('what was counted before stays counted after a restart', async () => {
  await enqueue();
  await run('success');
  await measures.fold();
  const before = await measures.totals();
  await createMeasures({ commands, names: 2 }).fold();
  expect(await measures.totals()).toEqual(before);
  expect(await commands.hget(toKey('totals'), 'at')).not.toBeNull();
});
