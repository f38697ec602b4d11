/**
 * The states of a job.
 *
 *   waiting ─▶ blocked ─▶ queued ─▶ running ─▶ success | failure | cancelled | timeout | skipped
 *      │          │       ▲  ▲         │
 *      └──────────┴───────┘  └ delayed ┴▶ dead
 *
 * waiting: a need is unmet, or an approval is. blocked: its concurrency group is full, nothing else.
 * delayed: infra trouble, backing off before another attempt. dead: attempts or losses are used up.
 * Infra trouble is never `failure`: that word is kept for what the user's own files and commands did.
 */
export const jobStates = [
  'waiting',
  'blocked',
  'delayed',
  'queued',
  'running',
  'success',
  'failure',
  'cancelled',
  'timeout',
  'skipped',
  'dead',
] as const;

export type JobState = (typeof jobStates)[number];

export const finalStates = ['success', 'failure', 'cancelled', 'timeout', 'skipped', 'dead'] as const;
export type FinalState = (typeof finalStates)[number];

const final: ReadonlySet<JobState> = new Set(finalStates);

/** True when the job will not change again, unless somebody requeues a dead one. */
export function isFinal(state: JobState): state is FinalState {
  return final.has(state);
}

export const stepStates = ['pending', 'running', 'success', 'failure', 'skipped', 'cancelled'] as const;
export type StepState = (typeof stepStates)[number];
