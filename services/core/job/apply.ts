import type { JobEvent } from './event.ts';
import type { Job, Step } from './job.ts';

/**
 * The one way to follow a job: the job before, and one event, make the job after. Pure; the queue's
 * scripts decide, this only repeats their decision for a reader (api, terminal, page, command line).
 *
 * An event for a job that is not known yet, other than `created`, changes nothing: the reader has
 * joined late and needs a snapshot. Events that a snapshot knows already may be folded again, in
 * order and to the last: the result is the same.
 */
export function apply(job: Job | undefined, event: JobEvent): Job | undefined {
  if (event.type === 'created') return event.snapshot;
  if (job === undefined || job.id !== event.job) return job;
  switch (event.type) {
    case 'waiting':
      return { ...without(job, 'awaits'), state: 'waiting', reason: event.reason };
    case 'blocked':
      return { ...toFresh(job), state: 'blocked', reason: event.reason };
    case 'queued':
      return { ...without(toFresh(job), 'reason'), state: 'queued', queuedAt: event.at };
    case 'claimed':
      return {
        ...without(toFresh(job), 'reason'),
        state: 'running',
        agent: event.agent,
        attempt: event.attempt,
        fence: event.fence,
        startedAt: event.at,
        steps: [],
      };
    case 'step':
      if (event.fence !== job.fence) return job;
      return {
        ...job,
        steps: putStep(job.steps, event.step),
        ...(event.workflow === undefined ? {} : { workflow: event.workflow }),
      };
    case 'cancelling':
      return { ...job, cancelling: true };
    case 'lost':
      return {
        ...without(job, 'agent'),
        fence: event.fence,
        reason: event.reason,
        steps: closeSteps(job.steps),
      };
    case 'delayed':
      return {
        ...without(job, 'agent', 'startedAt'),
        state: 'delayed',
        reason: event.reason,
        steps: closeSteps(job.steps),
      };
    case 'finished':
    case 'skipped':
    case 'dead':
      return toFinished(job, event);
  }
}

/** Steps of a job that no longer runs: what ran was cut off, what was to come will not. */
export function closeSteps(steps: readonly Step[]): Step[] {
  return steps.map((step) => {
    if (step.state === 'running') return { ...step, state: 'cancelled' };
    return step.state === 'pending' ? { ...step, state: 'skipped' } : step;
  });
}

function toFinished(job: Job, event: Extract<JobEvent, { type: 'finished' | 'skipped' | 'dead' }>): Job {
  const { reason } = event;
  const exitCode = event.type === 'finished' ? event.exitCode : undefined;
  return {
    ...without(job, 'reason', 'exitCode'),
    state: event.type === 'finished' ? event.state : event.type,
    cancelling: false,
    finishedAt: event.at,
    ...(reason === undefined ? {} : { reason }),
    ...(exitCode === undefined ? {} : { exitCode }),
    steps: closeSteps(job.steps),
  };
}

/** Before another attempt: nothing is left of how the last one ran or ended, but its steps. */
function toFresh(job: Job) {
  return { ...without(job, 'agent', 'awaits', 'startedAt', 'finishedAt', 'exitCode'), cancelling: false };
}

function putStep(steps: readonly Step[], step: Step): Step[] {
  const at = steps.findIndex((known) => known.name === step.name);
  return at < 0 ? [...steps, step] : steps.with(at, step);
}

function without<J extends Partial<Job>, K extends keyof Job>(job: J, ...keys: K[]): Omit<J, K> {
  const copy = { ...job };
  for (const key of keys) delete copy[key];
  return copy;
}
