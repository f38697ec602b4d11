import { expect, test } from '@jest/globals';
import { type JobState, toId } from '../../../../services/core/job/index.ts';
import {
  createQueue,
  defaultLimits,
  type NewJob,
  type Queue,
} from '../../../../services/core/queue/index.ts';
import { createRerun } from '../../../../services/core/queue/rerun.ts';
import { createRunner } from '../../../../services/core/queue/run-script.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { toFound, toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { useQueue } from '../../../support/queue.ts';

let commands: Redis;
let queue: Queue;
let agents = 0;
useQueue((opened) => {
  ({ commands, queue } = opened);
});

const toJob = (workflow: string, given: Partial<NewJob> = {}) =>
  toNewJob({ spec: toSpec({ workflow }), ...given });
const enqueue = async (...jobs: NewJob[]) => {
  const result = await queue.enqueue(toRequest(jobs));
  if (result.answer === 'full') throw new Error('full');
  return result;
};
/** Runs what waits, each job to its outcome by name; what is not named succeeds. */
const runAll = async (outcomes: Record<string, 'failure' | 'timeout' | 'skipped' | 'cancelled'> = {}) => {
  const ran: string[] = [];
  for (;;) {
    const claimed = await queue.claim({ pool: 'default', agent: `agent-${agents++}`, tokenHash: '' });
    if (claimed === undefined) return ran;
    const name = claimed.spec.workflow ?? '';
    ran.push(name);
    await queue.complete(claimed.job, claimed.fence, { outcome: outcomes[name] ?? 'success' });
  }
};
const states = async (pipeline: string) => {
  const found: Record<string, JobState | undefined> = {};
  for (const id of (await queue.pipeline(pipeline))?.jobs ?? []) {
    const job = (await queue.job(id))?.job;
    found[job?.spec.workflow ?? ''] = job?.state;
  }
  return found;
};
const rerun = async (pipeline: string) => {
  const result = await queue.rerun(pipeline);
  if (!('pipeline' in result)) throw new Error(result.answer);
  return result;
};

const jobs = () => [
  toJob('build'),
  toJob('lint'),
  toJob('test', { needs: ['build'] }),
  toJob('deploy', { needs: ['test', 'lint'] }),
  toJob('report', { needs: ['deploy'], runs: 'always' }),
];

test('what succeeded stands, the rest runs again under the conditions that it had, and what stands is done for it', async () => {
  const first = await enqueue(...jobs());
  await runAll({ test: 'failure' });
  expect(await states(first.pipeline)).toEqual({
    ...{ build: 'success', lint: 'success', test: 'failure', deploy: 'skipped', report: 'success' },
  });
  const second = await rerun(first.pipeline);
  expect(second.jobs.map((id, i) => id === first.jobs[i])).toEqual([true, true, false, false, true]);
  expect(await queue.audit()).toEqual([]);
  const again = (await queue.job(second.jobs[2] ?? ''))?.job;
  expect(again).toMatchObject({ pipeline: second.pipeline, state: 'queued', attempt: 0 });
  expect(again?.spec).toMatchObject({ retryOf: first.jobs[2], run: 2, needs: ['build'] });
  expect((await queue.job(second.jobs[3] ?? ''))?.job.reason).toBe('needs "test"');
  expect(await runAll()).toEqual(['test', 'deploy']);
  expect(Object.values(await states(second.pipeline))).toEqual(Array(5).fill('success'));
  // The run before is as it was.
  expect((await states(first.pipeline)).test).toBe('failure');
});

test('a pipeline is run again once: asked again, also at the same time, it is the same run', async () => {
  const { pipeline } = await enqueue(...jobs());
  await runAll({ lint: 'failure' });
  const answers = await Promise.all([rerun(pipeline), rerun(pipeline), rerun(pipeline)]);
  expect(answers.map(({ answer }) => answer).sort()).toEqual(['dup', 'dup', 'enqueued']);
  expect(new Set(answers.map((answer) => JSON.stringify([answer.pipeline, answer.jobs]))).size).toBe(1);
  expect(answers[0]?.pipeline).toBe(toId('rerun', pipeline));
});

test('a run that fails again is run again, and counted', async () => {
  const first = await enqueue(toJob('build'), toJob('test'));
  await runAll({ test: 'failure' });
  const second = await rerun(first.pipeline);
  expect(await runAll({ test: 'timeout' })).toEqual(['test']);
  const third = await rerun(second.pipeline);
  expect(third.jobs[0]).toBe(first.jobs[0]);
  expect((await queue.job(third.jobs[1] ?? ''))?.job.spec).toMatchObject({ run: 3, retryOf: second.jobs[1] });
  expect(await runAll()).toEqual(['test']);
  expect(await queue.rerun(third.pipeline)).toEqual({ answer: 'nothing' });
});

test('what had nothing to run stays skipped, unless what runs again depends on it', async () => {
  const first = await enqueue(
    toJob('build'),
    toJob('release'),
    toJob('notes'),
    toJob('tag', { needs: ['notes'] }),
  );
  await queue.cancel(first.jobs[3] ?? '', 'ada');
  await runAll({ build: 'failure', release: 'skipped', notes: 'skipped' });
  const second = await rerun(first.pipeline);
  expect(await runAll()).toEqual(['build', 'notes', 'tag']);
  expect(second.jobs[1]).toBe(first.jobs[1]);
});

test('a pipeline that has not ended, or that is not known, is not run again, and nothing is done', async () => {
  const { pipeline } = await enqueue(...jobs());
  const events = await commands.xlen('ci:{q}:events');
  expect(await queue.rerun(pipeline)).toEqual({ answer: 'running' });
  expect(await queue.rerun('0'.repeat(20))).toEqual({ answer: 'unknown' });
  expect(await commands.xlen('ci:{q}:events')).toBe(events);
});

test('a job that is put back while its pipeline is about to run again is not run twice', async () => {
  const { pipeline, jobs: ids } = await enqueue(toJob('build'), toJob('test'));
  queue = createQueue({ commands, leaseMs: 30_000, limits: { losses: 1 } });
  await queue.claim({ pool: 'default', agent: 'lost', tokenHash: '' });
  await queue.lost('lost', 'killed');
  await runAll();
  const read = async () => {
    const found = await Promise.all(ids.map(async (id) => (await queue.job(id))?.job));
    return found.filter((job) => job !== undefined);
  };
  // What the plan is made from is no longer so when it is carried out.
  const late = createRerun({
    run: createRunner(commands),
    limits: defaultLimits,
    readJobs: async () => {
      const before = await read();
      await queue.requeue(ids[0] ?? '');
      return before;
    },
  });
  expect(await late(pipeline)).toEqual({ answer: 'running' });
  expect((await queue.jobs({ limit: 10 })).jobs).toHaveLength(2);
  expect(await queue.audit()).toEqual([]);
});

test('there is room for all of it or for nothing', async () => {
  const { pipeline } = await enqueue(...jobs());
  await runAll({ build: 'failure', lint: 'failure' });
  queue = createQueue({ commands, leaseMs: 30_000, limits: { unfinished: 3 } });
  expect(await queue.rerun(pipeline)).toEqual({ answer: 'full', of: 'all', most: 3 });
  expect(await queue.rerun(pipeline, { most: 2 })).toEqual({ answer: 'full', of: 'all', most: 3 });
  queue = createQueue({ commands, leaseMs: 30_000 });
  expect(await queue.rerun(pipeline, { most: 3 })).toEqual({ answer: 'full', of: 'repository', most: 3 });
  expect((await queue.jobs({ limit: 50, states: ['queued'] })).jobs).toEqual([]);
  expect(await queue.rerun(pipeline, { most: 4 })).toMatchObject({ answer: 'enqueued' });
});

test('what nobody approved must be approved in the next run, too', async () => {
  const first = await enqueue(toJob('build'), toJob('deploy', { awaits: 'awaits approval: production' }));
  await runAll({ build: 'failure' });
  await queue.cancel(first.jobs[1] ?? '', 'ada');
  const second = await rerun(first.pipeline);
  expect(await runAll()).toEqual(['build']);
  expect((await queue.job(second.jobs[1] ?? ''))?.job).toMatchObject({
    state: 'waiting',
    awaits: true,
    reason: 'awaits approval: nobody approved the run before',
  });
  expect(await queue.approve(second.pipeline, toSpec().sha)).toBe(1);
  expect(await runAll()).toEqual(['deploy']);
});

test('the first job of a pipeline whose other workflows are known runs alone', async () => {
  const first = await enqueue(toNewJob());
  const { job, fence } = (await queue.claim({ pool: 'default', agent: 'one', tokenHash: '' })) ?? {
    job: '',
    fence: 0,
  };
  await queue.expand(job, fence, toFound(['lint']));
  await queue.complete(job, fence, { outcome: 'failure' });
  await runAll();
  const second = await rerun(first.pipeline);
  expect((await queue.job(second.jobs[0] ?? ''))?.job.spec).toMatchObject({ expanded: true, retryOf: job });
  expect(await states(second.pipeline)).toEqual({ '': 'queued', lint: 'success' });
});

test('history forgets a job in every run in which it stands', async () => {
  const first = await enqueue(toJob('build'), toJob('test'));
  await runAll({ test: 'failure' });
  await rerun((await rerunFailing(first.pipeline)).pipeline);
  await runAll();
  queue = createQueue({ commands, leaseMs: 30_000, limits: { finished: 0 } });
  await queue.tick();
  const left = (await commands.keys('*')).filter((key) => /job|spec|pipeline|stands|reason/.test(key));
  expect(left).toEqual([]);

  async function rerunFailing(pipeline: string) {
    const next = await rerun(pipeline);
    await runAll({ test: 'failure' });
    return next;
  }
});
