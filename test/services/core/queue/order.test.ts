import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQueue, type Queue } from '../../../../services/core/queue/index.ts';
import { toKey, toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

let commands: Redis;
let queue: Queue;
let agents = 0;
useQueue((opened) => {
  ({ commands, queue } = opened);
});

const enqueue = async (repository: string, priority = 5) => {
  const result = await queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository }), priority })]));
  return result.answer === 'full' ? '' : (result.jobs[0] ?? '');
};
const take = async () =>
  (await queue.claim({ pool: 'default', agent: `agent-${agents++}`, tokenHash: '' }))?.job;

interface Waiting {
  id: string;
  /** The only one of its repository when it became ready. */
  single: boolean;
  /** Jobs of each other repository that were taken while it waited. */
  passed: Map<string, number>;
}

const repos = ['local/a/a', 'local/b/b', 'local/c/c', 'local/d/d'] as const;
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('enqueue'), repo: fc.constantFrom(...repos) }) },
  { weight: 4, arbitrary: fc.constant({ what: 'take', repo: '' }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('cancel last'), repo: fc.constantFrom(...repos) }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('cancel first'), repo: fc.constantFrom(...repos) }) },
  { weight: 1, arbitrary: fc.constant({ what: 'take, and lose', repo: '' }) },
);

test('a job that comes as the only one of its repository waits for at most one job of each other, whatever they have queued; each repository is first in, first out', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { losses: 1e6 } });
  let longest = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 60 }), async (actions) => {
      await commands.flushall();
      const lines = new Map<string, Waiting[]>(repos.map((repo) => [repo, []]));
      const join = (repo: string, id: string) => {
        const line = lines.get(repo) ?? [];
        line.push({ id, single: line.length === 0, passed: new Map() });
      };
      /** Undefined where that was not fair; the repository of the job that was taken, if one was. */
      const takeFairly = async () => {
        const id = await take();
        const repo = repos.find((name) => lines.get(name)?.some((job) => job.id === id));
        if (repo === undefined)
          return [...lines.values()].every((line) => line.length === 0) ? '' : undefined;
        if (lines.get(repo)?.shift()?.id !== id) return undefined;
        const others = [...lines].flatMap(([other, line]) => (other === repo ? [] : line));
        for (const { single, passed } of others) {
          const times = (passed.get(repo) ?? 0) + 1;
          passed.set(repo, times);
          if (single) longest = Math.max(longest, times);
          if (single && times > 1) return undefined;
        }
        return repo;
      };
      for (const { what, repo } of actions) {
        if (what === 'enqueue') join(repo, await enqueue(repo));
        else if (what.startsWith('cancel')) {
          const line = lines.get(repo) ?? [];
          const job = what === 'cancel last' ? line.pop() : line.shift();
          if (job !== undefined) await queue.cancel(job.id, 'ada');
        } else {
          const line = await takeFairly();
          if (line === undefined) return false;
          if (what === 'take' || line === '') continue;
          // It is ready again, as the last who came.
          const agent = `agent-${agents - 1}`;
          const lost = (await commands.hget(toKey('agents'), agent)) ?? '';
          await queue.lost(agent, 'it was killed');
          join(line, lost);
        }
      }
      for (let i = 0; i < actions.length; i++) if ((await takeFairly()) === undefined) return false;
      return (await queue.audit()).length === 0;
    }),
    { numRuns: 100 },
  );
  // The bound is reached, not only kept.
  expect(longest).toBe(1);
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

test('each job rises one class for each time that it has waited, wherever it stands, also of more than a tick looks at', async () => {
  queue = createQueue({ commands, leaseMs: 30_000, limits: { risesMs: 600_000 } });
  // One repository's line of 450 jobs, of which all but the newest ten have waited 25 minutes.
  const ids: string[] = [];
  for (let i = 0; i < 450; i++) ids.push(await enqueue('local/ada/one', 9));
  const old = ids.slice(0, -10);
  const [seconds] = await commands.time();
  const before = Number(seconds) * 1000 - 25 * 60_000;
  // As if the clock had been 25 minutes behind when they came.
  await commands.del(toKeyOf('tickets', 'default'));
  for (const [i, id] of ids.entries()) {
    const at = i < old.length ? before + i : before + 24 * 60_000 + i;
    const ticket = await commands.xadd(toKeyOf('tickets', 'default'), `${at}-0`, 'job', id);
    await commands.hset(toKeyOf('job', id), 'queued', at, 'ticket', ticket ?? '');
  }
  for (let i = 0; i < 6; i++) await queue.tick();
  expect(await queue.audit()).toEqual([]);
  const entries = await commands.zrange(toKeyOf('ready', 'default'), '0', '-1', 'WITHSCORES');
  const classes = new Map<string, number>();
  for (let i = 0; i + 1 < entries.length; i += 2)
    classes.set((entries[i] ?? '').slice(10), Math.floor(Number(entries[i + 1]) / 2 ** 49));
  expect(old.filter((id) => classes.get(id) !== 7)).toEqual([]);
  expect(ids.slice(-10).map((id) => classes.get(id))).toEqual(Array(10).fill(9));
});
