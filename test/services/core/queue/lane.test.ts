import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFinal, type JobState } from '../../../../services/core/job/index.ts';
import {
  createQueue,
  type EnqueueRequest,
  type EnqueueResult,
  type NewJob,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { toKeyOf } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toFound, toNewJob, toPush, toSpec } from '../../../support/job.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let queue: Queue;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
  queue = createQueue({ commands, leaseMs: 30_000 });
});
afterAll(() => redis.stop());
beforeEach(() => commands.flushall());

const zeros = '0'.repeat(40);
/** Of the n-th commit; the one before the first is none. */
const toSha = (n: number) => (n === 0 ? zeros : (n % 16).toString(16).repeat(39) + Math.floor(n / 16));
const push = (n: number, given: Partial<EnqueueRequest> = {}): EnqueueRequest => ({
  ...toPush(toSha(n), { before: toSha(n - 1) }),
  lane: 'newest',
  ...given,
});
const toId = (result: EnqueueResult) => (result.answer === 'full' ? '' : (result.jobs[0] ?? ''));
const enqueue = async (request: EnqueueRequest) => toId(await queue.enqueue(request));
const look = async (id: string) => {
  const job = (await queue.job(id))?.job;
  return [job?.state, job?.reason];
};
const by = async (id: string) => {
  const job = (await queue.job(id))?.job;
  return `cancelled by the newer commit ${job?.spec.sha.slice(0, 12)}, pipeline ${job?.pipeline}`;
};
const claim = async (id: string) => {
  const claimed = await queue.claim({
    pool: 'default',
    agent: `a-${id}`,
    tokenHash: 'a'.repeat(64),
    prefer: id,
  });
  if (claimed?.job !== id) throw new Error('not ready');
  return claimed.fence;
};

test('a newer push cancels what waits of the older one, and says by what', async () => {
  const first = await enqueue(push(1));
  const second = await enqueue(push(2));
  expect(await look(first)).toEqual(['cancelled', await by(second)]);
  expect((await look(second))[0]).toBe('queued');
  expect(await queue.audit()).toEqual([]);
  expect(await commands.keys(toKeyOf('lane', '*'))).toHaveLength(1);
  // The trail outlives its jobs, and goes by itself.
  const [trail = ''] = await commands.keys(toKeyOf('trail', '*'));
  expect(await commands.pttl(trail)).toBeGreaterThan(0);
  await queue.complete(second, await claim(second), { outcome: 'success' });
  expect(await commands.keys(toKeyOf('lane', '*'))).toEqual([]);
});

test('what runs is asked to stop, adds no more jobs to its pipeline, and ends by what asked it', async () => {
  const first = await enqueue(push(1));
  const fence = await claim(first);
  const second = await enqueue(push(2));
  expect(await queue.heartbeat(first, fence)).toBe('cancel');
  await queue.expand(first, fence, toFound(['lint']));
  expect((await queue.jobs({ limit: 9 })).jobs).toHaveLength(2);
  await queue.complete(first, fence, { outcome: 'cancelled' });
  expect(await look(first)).toEqual(['cancelled', await by(second)]);
});

test('all jobs of the older pipeline go, also those that wait for another, for a permit or for an approval', async () => {
  const spec = (workflow: string) => toSpec({ sha: toSha(1), workflow });
  const group = { name: 'deploy', limit: 1 };
  const jobs: NewJob[] = [
    toNewJob({ spec: spec('build'), group }),
    toNewJob({ spec: spec('deploy'), group }),
    toNewJob({ spec: spec('report'), needs: ['build'], runs: 'always' }),
    toNewJob({ spec: spec('release'), awaits: 'awaits approval: production' }),
  ];
  const older = await queue.enqueue(push(1, { jobs }));
  const second = await enqueue(push(2));
  if (older.answer === 'full') throw new Error('full');
  const why = await by(second);
  for (const id of older.jobs) expect(await look(id)).toEqual(['cancelled', why]);
  expect(await queue.audit()).toEqual([]);
});

test('another ref, another event, another repository and what is of no lane go on', async () => {
  const change = (spec: Parameters<typeof toSpec>[0], cause: object): EnqueueRequest => {
    const request = push(1);
    return {
      ...request,
      cause: { ...request.cause, ...cause } as EnqueueRequest['cause'],
      jobs: [toNewJob({ spec: toSpec({ sha: toSha(1), ...spec }) })],
    };
  };
  const others = [
    await enqueue(change({ ref: 'refs/heads/other' }, { ref: 'refs/heads/other' })),
    await enqueue(change({ event: 'pull_request', ref: 'refs/pull/1/head' }, { ref: 'refs/pull/1/head' })),
    await enqueue(change({ repository: 'local/ada/other' }, { repository: 'local/ada/other' })),
    await enqueue({ cause: { kind: 'asked', repository: 'local/ada/engine', key: 'k' }, jobs: [toNewJob()] }),
  ];
  await enqueue(push(1));
  await enqueue(push(2));
  for (const id of others) expect((await look(id))[0]).toBe('queued');
});

test('a replay of the older push cancels nothing', async () => {
  await enqueue(push(1));
  const second = await enqueue(push(2));
  await enqueue(push(1));
  expect((await look(second))[0]).toBe('queued');
});

test('a retry and a later run of the older pipeline are there to be cancelled, and cancel nothing', async () => {
  const first = await enqueue(push(1));
  await queue.complete(first, await claim(first), { outcome: 'failure' });
  const pipeline = (await queue.job(first))?.job.pipeline ?? '';
  const rerun = await queue.rerun(pipeline);
  if (rerun.answer !== 'enqueued') throw new Error(rerun.answer);
  const spec = toSpec({ sha: toSha(1), retryOf: first });
  const cause = { kind: 'asked', repository: spec.repository, key: 'retry' } as const;
  const retry = await enqueue({ cause, lane: 'member', jobs: [toNewJob({ spec })] });
  const again = rerun.jobs[0] ?? '';
  expect([(await look(again))[0], (await look(retry))[0]]).toEqual(['queued', 'queued']);
  const second = await enqueue(push(2));
  const why = await by(second);
  expect([await look(again), await look(retry)]).toEqual([
    ['cancelled', why],
    ['cancelled', why],
  ]);
});

test('a pull request of which the forge does not say where its head was is cancelled by its next push', async () => {
  const pull = (n: number): EnqueueRequest => {
    const [ref, event] = ['refs/pull/7/head', 'pull_request'] as const;
    const spec = toSpec({ event, ref, sha: toSha(n) });
    const cause = {
      kind: 'ref',
      repository: spec.repository,
      ref,
      event,
      after: toSha(n),
      pullRequest: 7,
    } as const;
    return { cause, lane: 'newest', jobs: [toNewJob({ spec })] };
  };
  const ids = [await enqueue(pull(1)), await enqueue(pull(2)), await enqueue(pull(3))];
  const states = await Promise.all(ids.map(async (id) => (await look(id))[0]));
  expect(states).toEqual(['cancelled', 'cancelled', 'queued']);
});

test('a branch that was removed and came back begins anew: what is left of the old one goes', async () => {
  const old = await enqueue(push(2));
  await queue.removeHead('local/ada/engine', 'refs/heads/main');
  const fresh = await enqueue(push(1));
  expect([(await look(old))[0], (await look(fresh))[0]]).toEqual(['cancelled', 'queued']);
});

test('in whatever order pushes come, alone or together, exactly the newest goes on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 6 }).chain((count) =>
        fc.record({
          order: fc.shuffledSubarray(
            Array.from({ length: count }, (_, i) => i + 1),
            { minLength: count },
          ),
          /** After which ones the caller waits for the answers. */
          cuts: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
          /** Which of them an agent has claimed before the next comes. */
          claimed: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
        }),
      ),
      async ({ order, cuts, claimed }) => {
        await commands.flushall();
        const ids = new Map<number, string>();
        const running: [string, number][] = [];
        let together: Promise<unknown>[] = [];
        for (const [at, n] of order.entries()) {
          together.push(enqueue(push(n)).then((id) => ids.set(n, id)));
          if (cuts[at] !== true) continue;
          await Promise.all(together);
          together = [];
          const id = ids.get(n) ?? '';
          if (claimed[at] === true && (await look(id))[0] === 'queued') running.push([id, await claim(id)]);
        }
        await Promise.all(together);
        for (const [id, fence] of running)
          if ((await queue.heartbeat(id, fence)) === 'cancel')
            await queue.complete(id, fence, { outcome: 'cancelled' });
        const states: (JobState | undefined)[] = await Promise.all(
          [...ids].sort(([a], [b]) => a - b).map(async ([, id]) => (await queue.job(id))?.job.state),
        );
        const last = states.pop();
        expect(states.every((state) => state === 'cancelled')).toBe(true);
        expect(last !== undefined && !isFinal(last)).toBe(true);
        expect(await queue.audit()).toEqual([]);
      },
    ),
    { numRuns: 60, seed: 20_261 },
  );
});
