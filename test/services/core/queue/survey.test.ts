import { expect, test } from '@jest/globals';
import { createQueue, type NewJob, type Queue } from '../../../../services/core/queue/index.ts';
import { toKey } from '../../../../services/core/queue/keys.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

const leaseMs = 30_000;
let commands: Redis;
let queue: Queue;
useQueue(
  (opened) => {
    ({ commands, queue } = opened);
  },
  { leaseMs },
);

async function enqueue(...jobs: Partial<NewJob>[]) {
  const result = await queue.enqueue(toRequest(jobs.map(toNewJob)));
  if (result.answer === 'full') throw new Error('full');
  return result;
}
const claim = (agent: string, pool = 'default') => queue.claim({ pool, agent, tokenHash: '' });

test('the queue lists each pool in the order in which its agents then claim', async () => {
  for (const [repository, priority] of [
    ['local/ada/engine', 5],
    ['local/ada/engine', 5],
    ['local/bob/mill', 5],
    ['local/bob/mill', 0],
    ['local/cy/loom', 7],
    ['local/ada/engine', 5],
  ] as const)
    await enqueue({ spec: toSpec({ repository }), priority });
  await enqueue({ pool: 'big' });
  const { jobs, counts } = await queue.waiting({ limit: 50 });
  expect(counts).toEqual({ queued: 7, blocked: 0, waiting: 0, delayed: 0 });
  const listed = jobs.filter(({ job }) => job.pool === 'default');
  expect(listed.map(({ place }) => place)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(listed.map((entry) => entry.class)).toEqual([0, 5, 5, 5, 5, 7]);
  const claimed = [];
  for (let i = 0; i < 6; i++) claimed.push((await claim(`agent-${i}`))?.job);
  expect(listed.map(({ job }) => job.id)).toEqual(claimed);
  const big = await queue.waiting({ limit: 50, pool: 'big' });
  expect(big.jobs.map(({ job, place }) => [job.pool, place])).toEqual([['big', 1]]);
});

test('what cannot be claimed yet is listed with its reason: a full group, a need, an approval', async () => {
  const group = { name: 'deploy', limit: 1 };
  await enqueue({ group });
  await enqueue({ group });
  await enqueue(
    { spec: toSpec({ workflow: 'build' }) },
    { spec: toSpec({ workflow: 'deploy' }), needs: ['build'] },
    { spec: toSpec({ workflow: 'release' }), awaits: 'awaits approval: release' },
  );
  const { jobs, counts } = await queue.waiting({ limit: 50 });
  expect(counts).toEqual({ queued: 2, blocked: 1, waiting: 2, delayed: 0 });
  const unready = jobs.filter(({ place }) => place === undefined);
  expect(unready.map(({ job, group: of, needs }) => [job.state, of, needs, job.reason])).toEqual([
    ['waiting', undefined, [], 'awaits approval: release'],
    ['waiting', undefined, ['build'], 'needs "build"'],
    ['blocked', 'deploy', [], 'concurrency group "deploy" is full'],
  ]);
  expect((await queue.waiting({ limit: 1 })).jobs).toHaveLength(2);
});

test('an agent is listed while it runs, with its last heartbeat, and the longest unheard comes first', async () => {
  await enqueue({ spec: toSpec({ repository: 'local/ada/engine' }) });
  await enqueue({ spec: toSpec({ repository: 'local/bob/mill' }) });
  const one = await claim('one');
  const two = await claim('two');
  await commands.zincrby(toKey('leases'), -5_000, two?.job ?? '');
  const { agents, total } = await queue.agents();
  expect(total).toBe(2);
  expect(agents.map(({ agent, job, repository, attempt }) => [agent, job, repository, attempt])).toEqual([
    ['two', two?.job, 'local/bob/mill', 1],
    ['one', one?.job, 'local/ada/engine', 1],
  ]);
  expect(agents.map(({ since, heardAt }) => since - heardAt)).toEqual([5_000, 0]);
  await queue.complete(one?.job ?? '', 1, { outcome: 'success' });
  expect((await queue.agents()).agents.map(({ agent }) => agent)).toEqual(['two']);
});

test('a pool has its counts and since when its oldest job waits', async () => {
  const [first] = (await enqueue({})).jobs;
  await enqueue({});
  await enqueue({ pool: 'big' });
  await claim('one', 'big');
  const since = (await queue.job(first ?? ''))?.job.queuedAt;
  expect(await queue.pools()).toEqual([
    { pool: 'big', queued: 0, running: 1 },
    { pool: 'default', queued: 2, running: 0, oldest: since },
  ]);
});

test('a pipeline has its jobs in order, what they wait for, and an outcome once all have ended', async () => {
  const { pipeline, jobs } = await enqueue(
    { spec: toSpec({ workflow: 'build' }) },
    { spec: toSpec({ workflow: 'deploy' }), needs: ['build'] },
  );
  const before = await queue.pipelineView(pipeline);
  expect(before).toMatchObject({ pipeline, counts: { queued: 1, waiting: 1 } });
  expect(before?.outcome).toBeUndefined();
  expect(before?.jobs.map(({ job, needs }) => [job.id, needs])).toEqual([
    [jobs[0], []],
    [jobs[1], ['build']],
  ]);
  const build = await claim('one');
  await queue.complete(build?.job ?? '', 1, { outcome: 'failure' });
  expect(await queue.pipelineView(pipeline)).toMatchObject({
    outcome: 'failure',
    counts: { failure: 1, skipped: 1 },
  });
  expect(await queue.pipelineView('0'.repeat(20))).toBeUndefined();
});

test('the mark changes with every change of a job, and when history forgets, and not by itself', async () => {
  queue = createQueue({ commands, leaseMs, limits: { finished: 0 } });
  const marks = [await queue.mark()];
  await enqueue({});
  marks.push(await queue.mark());
  const claimed = await claim('one');
  marks.push(await queue.mark());
  await queue.complete(claimed?.job ?? '', 1, { outcome: 'success' });
  marks.push(await queue.mark());
  expect(await queue.mark()).toBe(marks.at(-1));
  await queue.tick();
  expect(await queue.job(claimed?.job ?? '')).toBeUndefined();
  marks.push(await queue.mark());
  expect(new Set(marks).size).toBe(marks.length);
});
