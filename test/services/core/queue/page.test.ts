import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createQueue, type JobFilter, type Queue } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
const ids: string[] = [];
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
  queue = createQueue({ commands, leaseMs: 30_000 });
  for (let i = 0; i < 450; i++) {
    const repository = i % 3 === 0 ? 'local/ada/engine' : 'local/bob/mill';
    const spec = toSpec({ repository, branch: i === 7 ? 'rare' : 'main' });
    const result = await queue.enqueue(
      toRequest([toNewJob({ spec, pool: i % 2 === 0 ? 'default' : 'big' })]),
    );
    if (result.answer !== 'full') ids.unshift(result.jobs[0] ?? '');
  }
});
afterAll(() => redis.stop());

async function readAll(filter: Omit<JobFilter, 'cursor'>) {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await queue.jobs({ ...filter, ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.jobs.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

test('pages have each job once, newest first', async () => {
  const pages = await readAll({ limit: 100 });
  expect(pages.map((page) => page.length)).toEqual([100, 100, 100, 100, 50]);
  expect(pages.flat()).toEqual(ids);
});

test('a job that comes between two pages moves none of them', async () => {
  const first = await queue.jobs({ limit: 2 });
  const result = await queue.enqueue(toRequest());
  const second = await queue.jobs({ limit: 2, ...(first.next === undefined ? {} : { cursor: first.next }) });
  expect(second.jobs.map(({ id }) => id)).toEqual(ids.slice(2, 4));
  if (result.answer !== 'full') ids.unshift(result.jobs[0] ?? '');
});

test('filters leave what they name, from whatever depth', async () => {
  const [running] = await Promise.all([queue.claim({ pool: 'default', agent: 'one', tokenHash: '' })]);
  expect((await readAll({ limit: 10, states: ['running'] })).flat()).toEqual([running?.job]);
  expect((await readAll({ limit: 10, branch: 'rare' })).flat()).toHaveLength(1);
  expect((await readAll({ limit: 400, repository: 'local/ada/engine' })).flat()).toHaveLength(151);
  expect((await readAll({ limit: 400, pool: 'big' })).flat()).toHaveLength(225);
  expect((await readAll({ limit: 10, repository: 'local/no/body' })).flat()).toEqual([]);
});

test('a cursor that no page gave is refused', async () => {
  await expect(queue.jobs({ limit: 1, cursor: '(1' })).rejects.toMatchObject({ code: 'invalid' });
});

test('whatever comes while somebody pages, each job that was there comes once, in its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 60, max: 200 }),
      async (comes, limit) => {
        const seen: string[] = [];
        let cursor: string | undefined;
        for (let at = 0; at === 0 || cursor !== undefined; at++) {
          const page = await queue.jobs({ limit, ...(cursor === undefined ? {} : { cursor }) });
          seen.push(...page.jobs.map(({ id }) => id));
          cursor = page.next;
          for (let n = 0; n < (comes[at] ?? 0); n++) {
            const result = await queue.enqueue(toRequest());
            if (result.answer !== 'full') ids.unshift(result.jobs[0] ?? '');
          }
        }
        expect(seen).toEqual(ids.slice(ids.length - seen.length));
      },
    ),
    { numRuns: 5 },
  );
});

test('a filter that nothing fits looks through so many jobs and no more, and says where to go on', async () => {
  const few = createQueue({ commands, leaseMs: 30_000 });
  for (let i = 0; i < 16; i++)
    await few.enqueue(
      toRequest(Array.from({ length: 100 }, (_, n) => toNewJob({ spec: toSpec({ workflow: `w${n}` }) }))),
    );
  const scripts = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await commands.info('commandstats'))?.[1]);
  const before = await scripts();
  const page = await few.jobs({ limit: 10, author: 'nobody' });
  expect([page.jobs, page.next !== undefined, (await scripts()) - before]).toEqual([[], true, 10]);
  expect(await few.jobs({ limit: 10, author: 'nobody', cursor: page.next ?? '' })).not.toHaveProperty('next');
});
