import type { JobEvent } from './event.ts';
import type { Job, Step } from './job.ts';

/**
 * The one way to follow a job: the job before, and one event, make the job after. Pure; the queue's
 * scripts decide, this only repeats their decision for a reader (api, terminal, page, command line).
 *
 * An event for a job that is not known yet, other than `created`, changes nothing: the reader has
 * joined late and needs a snapshot.
 */
export function apply(job: Job | undefined, event: JobEvent): Job | undefined {
  if (event.type === 'created') return event.snapshot;
  if (job === undefined || job.id !== event.job) return job;
  switch (event.type) {
    case 'waiting':
    case 'blocked':
      return { ...job, state: event.type, reason: event.reason };
    case 'queued':
      return { ...without(job, 'reason', 'agent', 'startedAt'), state: 'queued', queuedAt: event.at };
    case 'claimed':
      return {
        ...without(job, 'reason'),
        state: 'running',
        agent: event.agent,
        attempt: event.attempt,
        fence: event.fence,
        startedAt: event.at,
        steps: [],
      };
    case 'step':
      return event.fence === job.fence ? { ...job, steps: putStep(job.steps, event.step) } : job;
    case 'cancelling':
      return { ...job, cancelling: true };
    case 'lost':
      return { ...without(job, 'agent'), fence: event.fence, reason: event.reason };
    case 'delayed':
      return { ...without(job, 'agent'), state: 'delayed', reason: event.reason };
    case 'finished':
      return {
        ...without(job, 'reason', 'exitCode'),
        state: event.state,
        cancelling: false,
        finishedAt: event.at,
        ...(event.reason === undefined ? {} : { reason: event.reason }),
        ...(event.exitCode === undefined ? {} : { exitCode: event.exitCode }),
      };
    case 'skipped':
    case 'dead':
      return { ...job, state: event.type, cancelling: false, reason: event.reason, finishedAt: event.at };
  }
}

function putStep(steps: readonly Step[], step: Step): Step[] {
  const at = steps.findIndex((known) => known.name === step.name);
  return at < 0 ? [...steps, step] : steps.with(at, step);
}

function without<K extends keyof Job>(job: Job, ...keys: K[]): Omit<Job, K> {
  const copy = { ...job };
  for (const key of keys) delete copy[key];
  return copy;
}
