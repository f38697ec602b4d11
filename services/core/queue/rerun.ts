import { isFinal, type Job, type JobSpec, toId, toJobName } from '../job/index.ts';
import { toCaps, toEnqueued } from './enqueue.ts';
import { QueueError } from './error.ts';
import type { Limits } from './limits.ts';
import { toJobId } from './new-jobs.ts';
import type { Queue } from './queue.ts';
import { type Run, toList, toText } from './run-script.ts';
import { rerun } from './scripts/rerun.ts';
import { toSpecBytes } from './spec-bytes.ts';

interface RerunDeps {
  run: Run;
  limits: Limits;
  readJobs(pipeline: string): Promise<Job[]>;
}

const mostTries = 5;

/** Plans from what is read, and lets the script see whether that still holds. */
export function createRerun({ run, limits, readJobs }: RerunDeps): Queue['rerun'] {
  return async (pipeline, { most, perHour } = {}) => {
    for (let tries = 0; tries < mostTries; tries++) {
      const jobs = await readJobs(pipeline);
      if (jobs.length === 0) return { answer: 'unknown' };
      const plan = toRerun(pipeline, jobs);
      if (plan.answer !== 'plan') return plan;
      const [all = 0, ofPool = 0, ofRepository = 0] = toCaps(limits);
      const caps = [all, ofPool, most ?? ofRepository, perHour ?? ''];
      const args = [pipeline, plan.pipeline, JSON.stringify(plan.jobs), ...caps, ...plan.specs];
      const reply = await run(rerun, args);
      if (toText(toList(reply)[0]) !== 'changed') return toEnqueued(reply, plan.pipeline, plan.ids);
    }
    throw new QueueError(
      'unavailable',
      `the jobs of pipeline ${pipeline} change faster than they can be read`,
    );
  };
}

/** One job of the pipeline that ended, as the `rerun` script wants it. */
interface Planned {
  id: string;
  state: Job['state'];
  /** The job that repeats it; without one it stands as it is. */
  again?: { id: string; needs?: [string, string][]; reason?: string };
}

export type RerunPlan =
  | { answer: 'running' }
  | { answer: 'nothing' }
  | { answer: 'plan'; pipeline: string; jobs: Planned[]; specs: Buffer[]; ids: string[] };

/**
 * The next run of a pipeline, in which what succeeded stands. Its id is made from the one before, so that a
 * pipeline is run again once, however often that is asked for; whoever wants more runs the new one again.
 *
 * @param jobs all jobs of the pipeline, in their order
 */
export function toRerun(pipeline: string, jobs: readonly Job[]): RerunPlan {
  if (jobs.some(({ state }) => !isFinal(state))) return { answer: 'running' };
  const again = toRepeated(jobs);
  if (again.size === 0) return { answer: 'nothing' };
  const next = toId('rerun', pipeline);
  const run = Math.max(...jobs.map(({ spec }) => spec.run ?? 1)) + 1;
  const toNew = (job: Job) => toJobId(next, toJobName(job.spec));
  const byName = new Map(jobs.map((job) => [toName(job), job]));
  const specs: Buffer[] = [];
  const planned = jobs.map((job): Planned => {
    const { id, state, spec } = job;
    if (!again.has(job)) return { id, state };
    const expanded = spec.workflow === undefined && jobs.length > 1 ? toExpanded(job) : {};
    specs.push(toSpecBytes({ ...spec, ...expanded, retryOf: id, run }));
    const needs = (spec.needs ?? []).flatMap((name): [string, string][] => {
      const need = byName.get(name);
      return need !== undefined && again.has(need) ? [[toNew(need), name]] : [];
    });
    const reason = toReason(job, needs);
    return {
      id,
      state,
      again: {
        id: toNew(job),
        ...(needs.length === 0 ? {} : { needs }),
        ...(reason === undefined ? {} : { reason }),
      },
    };
  });
  const ids = planned.map(({ id, again: repeated }) => repeated?.id ?? id);
  return { answer: 'plan', pipeline: next, jobs: planned, specs, ids };
}

/**
 * What did not succeed; of what was skipped only what is bound to it: it needs one of these, or one of these
 * needs it.
 */
function toRepeated(jobs: readonly Job[]): ReadonlySet<Job> {
  const again = new Set(jobs.filter(({ state }) => state !== 'success' && state !== 'skipped'));
  const skipped = jobs.filter(({ state }) => state === 'skipped');
  const needs = (job: Job, other: Job) => job.spec.needs?.includes(toName(other) ?? '') === true;
  for (let before = -1; before < again.size; ) {
    before = again.size;
    for (const job of skipped)
      if ([...again].some((other) => needs(job, other) || needs(other, job))) again.add(job);
  }
  return again;
}

/** The first job of a pipeline whose other workflows are known runs what it ran, and adds none. */
export function toExpanded({ spec, workflow }: Job): Pick<JobSpec, 'expanded' | 'own'> {
  const own = spec.own ?? workflow;
  return { expanded: true, ...(own === undefined ? {} : { own }) };
}

/** By which others of its pipeline need it. */
function toName({ spec, workflow }: Job): string | undefined {
  return toJobName(spec) ?? spec.own ?? workflow;
}

function toReason({ awaits }: Job, needs: readonly [string, string][]): string | undefined {
  if (awaits === true) return 'awaits approval: nobody approved the run before';
  return needs.length === 0 ? undefined : `needs ${needs.map(([, name]) => `"${name}"`).join(', ')}`;
}
