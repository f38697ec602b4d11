import { type FoundJob, nameSchema } from '../job/index.ts';
import { PipelineError } from './pipeline-error.ts';
import type { Plan, Status } from './plan.ts';
import { type Situation, selectSteps, workflowRunsOn } from './select.ts';

/** A job of a pipeline: one workflow, or one entry of its matrix. */
export interface PipelineJob {
  /** `<workflow>`, or `<workflow>-<n>` for an entry. */
  name: string;
  plan: Plan;
  /** From 1 on; undefined without a matrix. */
  entry: number | undefined;
  /** Names of the jobs that have to end first. */
  needs: readonly string[];
  /** How those may have ended. */
  runs: NonNullable<FoundJob['runs']>;
}

export interface PipelineJobs {
  /** In an order in which each comes after what it needs. */
  jobs: readonly PipelineJob[];
  /** Workflows that do not run here, and why. */
  leftOut: readonly { workflow: string; reason: string }[];
}

const top = { line: 1, column: 1 };

/**
 * The jobs that a tree's workflows make in a situation. A workflow that its own `when` leaves out makes none, nor does
 * one that needs it, unless it can do without.
 *
 * @param plans of all files, each file's entries one after the other
 * @throws PipelineError where one needs a workflow that is not there, or itself, or two have the same name
 */
export function toPipelineJobs(plans: readonly Plan[], situation: Situation): PipelineJobs {
  const { kept, leftOut } = select(plans, situation);
  const named = kept.map((plan) => {
    const entry = toEntry(plan, plans);
    return { name: entry === undefined ? plan.workflow : `${plan.workflow}-${entry}`, plan, entry };
  });
  const names = new Set<string>();
  for (const { name, plan } of named) {
    if (names.has(name))
      throw new PipelineError(plan.source, top, `two jobs would be called ${JSON.stringify(name)}`);
    if (!nameSchema.safeParse(name).success)
      throw new PipelineError(plan.source, top, `${JSON.stringify(name)} is too long for the name of a job`);
    names.add(name);
  }
  const jobs = named.map((job) => ({
    ...job,
    runs: toRuns(workflowRunsOn(job.plan, situation)),
    needs: job.plan.dependsOn.flatMap((workflow) =>
      named.filter((other) => other.plan.workflow === workflow).map((other) => other.name),
    ),
  }));
  return { jobs: toOrder(jobs), leftOut };
}

/** The job that whoever planned can run itself: it needs nothing, and no agent, room or name of its own. */
export function findOwn(jobs: readonly PipelineJob[]): PipelineJob | undefined {
  return jobs.find(
    ({ plan, entry, needs }) =>
      needs.length === 0 &&
      (entry === undefined || jobs.length === 1) &&
      plan.concurrency === undefined &&
      Object.keys(plan.labels).length === 0,
  );
}

/** What the queue is told of a job. */
export function toFoundJob({ plan, entry, needs, runs }: PipelineJob): FoundJob {
  const { workflow, axes, labels, concurrency, timeoutMs } = plan;
  return {
    workflow,
    ...(entry === undefined ? {} : { entry, axes: { ...axes } }),
    ...(needs.length === 0 ? {} : { needs: [...needs] }),
    ...(runs === 'success' ? {} : { runs }),
    ...(Object.keys(labels).length === 0 ? {} : { labels: { ...labels } }),
    ...(concurrency === undefined ? {} : { group: { name: concurrency.group, limit: concurrency.limit } }),
    ...(timeoutMs === undefined ? {} : { timeLimitMs: timeoutMs }),
  };
}

function toRuns(statuses: readonly Status[]): PipelineJob['runs'] {
  return statuses.length === 2 ? 'always' : (statuses[0] ?? 'success');
}

function toEntry(plan: Plan, plans: readonly Plan[]): number | undefined {
  if (Object.keys(plan.axes).length === 0) return undefined;
  return plans.filter(({ workflow }) => workflow === plan.workflow).indexOf(plan) + 1;
}

function select(plans: readonly Plan[], situation: Situation) {
  const leftOut = new Map<string, string>();
  let kept: readonly Plan[] = plans.filter((plan) => {
    const { reason } = selectSteps(plan, situation);
    if (reason !== undefined) leftOut.set(plan.workflow, reason);
    return reason === undefined;
  });
  const isThere = (workflow: string) => kept.some((plan) => plan.workflow === workflow);
  for (let before = -1; before !== kept.length; ) {
    before = kept.length;
    kept = kept.filter((plan) => {
      const { dependsOn, optionalNeeds = [], source, workflow } = plan;
      const missing = dependsOn.find((need) => !isThere(need) && !optionalNeeds.includes(need));
      if (missing === undefined) return true;
      if (!plans.some((other) => other.workflow === missing))
        throw new PipelineError(
          source,
          top,
          `it needs the workflow ${JSON.stringify(missing)}, which is not there`,
        );
      leftOut.set(workflow, `it needs ${missing}, which does not run`);
      return false;
    });
  }
  for (const { workflow } of kept) leftOut.delete(workflow);
  return { kept, leftOut: [...leftOut].map(([workflow, reason]) => ({ workflow, reason })) };
}

/** Again and again those whose needs are there already; otherwise as they came. */
function toOrder(jobs: readonly PipelineJob[]): PipelineJob[] {
  const ordered: PipelineJob[] = [];
  for (let open = [...jobs]; open.length > 0; open = open.filter((job) => !ordered.includes(job))) {
    const isDone = (name: string) => ordered.some((job) => job.name === name);
    const next = open.filter(({ needs }) => needs.every(isDone));
    const [first] = open;
    if (next.length === 0 && first !== undefined)
      throw new PipelineError(
        first.plan.source,
        top,
        `these workflows need each other: ${[...new Set(open.map(({ plan }) => plan.workflow))].join(', ')}`,
      );
    ordered.push(...next);
  }
  return ordered;
}
