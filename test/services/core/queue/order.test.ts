import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
let agents = 0;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
beforeEach(async () => {
  await commands.flushall();
  queue = createQueue({ commands, leaseMs: 30_000 });
});

const enqueue = async (repository: string, priority = 5) => {
  const result = await queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository }), priority })]));
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
};
const take = async () =>
  (await queue.claim({ pool: 'default', agent: `agent-${agents++}`, tokenHash: '' }))?.job;

interface Waiting {
  id: string;
  /** How often each other repository may go before it: once more than its own do. */
  allowed: number;
  passed: Map<string, number>;
}

/** Takes one job, and says whether that was fair to all who wait. */
async function takeFairly(lines: Map<string, Waiting[]>, served: Set<string>): Promise<boolean> {
  const id = await take();
  const repo = [...lines].find(([, line]) => line.some((job) => job.id === id))?.[0];
  if (repo === undefined) return id === undefined && [...lines.values()].every((line) => line.length === 0);
  if (lines.get(repo)?.shift()?.id !== id) return false;
  served.add(repo);
  if ([...lines.values()].every((line) => line.length === 0)) served.clear();
  const others = [...lines].flatMap(([other, line]) => (other === repo ? [] : line));
  for (const job of others) job.passed.set(repo, (job.passed.get(repo) ?? 0) + 1);
  return others.every((job) => (job.passed.get(repo) ?? 0) <= job.allowed);
}

test('a newcomer waits for one job of each other repository, one that was just served for two; each is first in, first out', async () => {
  const repos = ['local/a/a', 'local/b/b', 'local/c/c', 'local/d/d'] as const;
  const action = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...repos) },
    { weight: 2, arbitrary: fc.constant('take') },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 60 }), async (actions) => {
      await commands.flushall();
      const lines = new Map<string, Waiting[]>();
      const served = new Set<string>();
      for (const what of actions) {
        if (what === 'take') {
          if (!(await takeFairly(lines, served))) return false;
          continue;
        }
        const line = lines.get(what) ?? [];
        lines.set(what, line);
        const allowed = line.length + (served.has(what) ? 2 : 1);
        line.push({ id: await enqueue(what), allowed, passed: new Map() });
      }
      for (let i = 0; i < actions.length; i++) if (!(await takeFairly(lines, served))) return false;
      return true;
    }),
    { numRuns: 60 },
  );
});

test('single jobs of many repositories go in the order in which they came', async () => {
  const ids = [];
  for (let i = 0; i < 20; i++) ids.push(await enqueue(`local/ada/r${i}`));
  for (const id of ids) expect(await take()).toBe(id);
});

test('an urgent job goes first, however many wait', async () => {
  for (let i = 0; i < 5; i++) await enqueue('local/ada/one');
  const urgent = await enqueue('local/ada/one', 0);
  const idle = await enqueue('local/ada/two', 9);
  expect(await take()).toBe(urgent);
  for (let i = 0; i < 5; i++) expect(await take()).not.toBe(idle);
  expect(await take()).toBe(idle);
});

test('a job that has waited long enough rises into the next class, so urgent ones cannot starve it', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { risesMs: 0 } });
  const patient = await enqueue('local/ada/one', 9);
  for (let i = 0; i < 9; i++) await queue.tick();
  const urgent = await enqueue('local/ada/two', 0);
  expect(await queue.audit()).toEqual([]);
  expect([await take(), await take()]).toEqual([patient, urgent]);
});
