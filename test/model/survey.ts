import { deepStrictEqual } from 'node:assert/strict';
import { isFinal, jobStates } from '../../services/core/job/index.ts';
import type { Queue } from '../../services/core/queue/index.ts';
import type { Model, ModelJob } from './model.ts';
import type { Random } from './random.ts';

const all = 1000;

/** What people are told of the whole, or who may only know of one repository: it is that of the jobs themselves. */
export async function checkSurvey(queue: Queue, model: Model, random: Random): Promise<void> {
  const jobs = [...model.jobs.values()].sort((a, b) => b.seq - a.seq);
  const repository = random.some(jobs)?.repo;
  await checkPart(queue, model, jobs);
  if (repository !== undefined)
    await checkPart(
      queue,
      model,
      jobs.filter((job) => job.repo === repository),
      [repository],
    );
  const { jobs: listed } = await queue.jobs({ limit: all });
  deepStrictEqual(
    listed.map(({ id }) => id),
    jobs.map(({ id }) => id),
  );
  const counts = await queue.counts();
  for (const state of jobStates) deepStrictEqual(counts.get(state), countOf(jobs, state), state);
  const one = random.some(jobs);
  if (one === undefined) return;
  const { pipeline } = one;
  const lineage = await queue.lineage(one.id);
  const before = one.prev === undefined ? undefined : model.jobs.get(one.prev);
  deepStrictEqual(
    [lineage?.number, lineage?.parent, lineage?.place, lineage?.before?.job, lineage?.before?.number],
    [one.number, one.parent, model.placeOf(one), before?.id, before?.number],
  );
  const view = await queue.pipelineView(pipeline);
  deepStrictEqual(
    view?.jobs.map(({ job, needs }) => [job.id, needs]),
    model.membersOf(pipeline).map(({ id, needs }) => [id, [...needs.values()]]),
  );
}

async function checkPart(queue: Queue, model: Model, jobs: readonly ModelJob[], own?: string[]) {
  const running = jobs.filter(({ state }) => state === 'running');
  const { agents, total } = await queue.agents(own);
  deepStrictEqual(total, running.length);
  deepStrictEqual(
    agents.map(({ agent, job, pool, attempt }) => [job, agent, pool, attempt]).sort(),
    running.map(({ agent, id, pool, attempt }) => [id, agent, pool, attempt]).sort(),
  );

  const pools = (await queue.pools(own)).filter(({ queued, running: run }) => queued + run > 0);
  const names = [...new Set(jobs.filter(isInPool).map(({ pool }) => pool))].sort();
  deepStrictEqual(
    pools.map(({ pool, queued, running: run, oldest }) => [pool, queued, run, oldest !== undefined]),
    names.map((pool) => {
      const there = jobs.filter((job) => job.pool === pool);
      const queued = countOf(there, 'queued');
      return [pool, queued, countOf(there, 'running'), queued > 0];
    }),
  );

  const { counts, jobs: entries } = await queue.waiting({ limit: all, repositories: own });
  for (const state of ['queued', 'blocked', 'waiting', 'delayed'] as const)
    deepStrictEqual(counts[state], countOf(jobs, state), state);
  const inLine = names.flatMap((pool) =>
    model.line(pool).map(({ job, class: rank }, i) => ({ job, rank, place: i + 1 })),
  );
  const seen = inLine.filter(({ job }) => jobs.includes(job));
  const others = jobs.filter(({ state }) => !isFinal(state) && state !== 'queued' && state !== 'running');
  deepStrictEqual(
    entries.map((entry) => [entry.job.id, entry.class, entry.place, entry.needs]),
    [
      ...seen.map(({ job, rank, place }) => [job.id, rank, own === undefined ? place : undefined, []]),
      ...others.map((job) => [job.id, job.class, undefined, [...job.needs.values()]]),
    ],
  );
}

function isInPool({ state }: ModelJob): boolean {
  return state === 'queued' || state === 'running';
}

function countOf(jobs: readonly ModelJob[], state: ModelJob['state']): number {
  return jobs.filter((job) => job.state === state).length;
}
