import { isFinal, type Job, type JobEvent } from '../core/job/index.ts';

/** A ref that moved: what was accepted, whoever told the api of it. */
export interface Movement {
  repository: string;
  ref: string;
  sha: string;
}

/** What became of all that was accepted; all lists are empty when nothing was lost or doubled. */
export interface Ledger {
  accepted: number;
  /** Movements with exactly one job that ended exactly once. */
  finished: number;
  /** Movements without a job, or whose job has not ended. */
  lost: string[];
  /** Movements with two jobs, and jobs that ended twice. */
  doubled: string[];
  /** Jobs of movements that nobody made. */
  unasked: string[];
}

/**
 * Compares what was accepted with what happened.
 *
 * @param accepted a movement that is named twice (pushed, and sent again as a webhook) counts once.
 * @param jobs as the api tells them at the end.
 * @param events all since the beginning; they alone show that a job ended twice.
 */
export function toLedger(
  accepted: readonly Movement[],
  jobs: readonly Job[],
  events: readonly JobEvent[],
): Ledger {
  const movements = new Set(accepted.map(toText));
  const byMovement = Map.groupBy(jobs, (job) => toText(job.spec));
  const ends = Map.groupBy(events.filter(isEnd), (event) => event.job);
  const ended = (job: Job) => isFinal(job.state);
  const doubled = new Set<string>();
  const lost: string[] = [];
  for (const movement of movements) {
    const own = byMovement.get(movement) ?? [];
    if (own.length === 0 || !own.every(ended)) lost.push(movement);
    if (own.length > 1) doubled.add(movement);
    if (own.some((job) => (ends.get(job.id)?.length ?? 0) > 1)) doubled.add(movement);
  }
  return {
    accepted: movements.size,
    finished: movements.size - new Set([...lost, ...doubled]).size,
    lost,
    doubled: [...doubled],
    unasked: [...byMovement.keys()].filter((movement) => !movements.has(movement)),
  };
}

function toText({ repository, ref, sha }: Movement): string {
  return `${repository} ${ref} ${sha.slice(0, 12)}`;
}

function isEnd(event: JobEvent): boolean {
  return event.type === 'finished' || event.type === 'skipped' || event.type === 'dead';
}
