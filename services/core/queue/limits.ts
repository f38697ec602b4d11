/** What the queue allows; every number has a reason to be changed in a test or on a small machine. */
export interface Limits {
  /** Unfinished jobs; more are answered `full`. */
  unfinished: number;
  /** Of one pool, and of one repository that has no number of its own: so that none takes the room of all. */
  unfinishedOfPool: number;
  unfinishedOfRepository: number;
  /** Finished jobs that history keeps, and for how long. */
  finished: number;
  finishedMs: number;
  events: number;
  /** Of Redis' `maxmemory`, 0 to 1; above it the oldest finished jobs go, however few. */
  memoryShare: number;
  /** Lost agents, and outcomes `error`, after which a job is dead. */
  losses: number;
  errors: number;
  /** Doubles with each error, up to the longest. */
  backOffMs: number;
  longestBackOffMs: number;
  /** A queued job at the head of its class rises after this. */
  risesMs: number;
  steps: number;
  /** Jobs of one pipeline. */
  jobs: number;
  /** Bytes of one log, deflated or not, whichever is more; then a marker, and nothing more. */
  logBytes: number;
}

const day = 86_400_000;

export const defaultLimits: Limits = {
  unfinished: 20_000,
  unfinishedOfPool: 15_000,
  unfinishedOfRepository: 10_000,
  finished: 10_000,
  finishedMs: 90 * day,
  events: 20_000,
  memoryShare: 0.8,
  losses: 3,
  errors: 5,
  backOffMs: 5_000,
  longestBackOffMs: 300_000,
  risesMs: 600_000,
  steps: 500,
  jobs: 100,
  logBytes: 16 * 1024 * 1024,
};

/** How long a delivery, a pipeline and a log are known; fixed, because forges and agents rely on them. */
export const deliveryMs = 7 * day;
export const pipelineMs = day;
export const logMs = 30 * day;

/** How often `tick` is called: each second, more often where the lease is so short that it would be late. */
export function toTickMs(leaseMs: number): number {
  return Math.min(1000, Math.ceil(leaseMs / 15));
}

/** Without a tick for so long, nobody could renew a lease either: an outage. */
export function toGapMs(leaseMs: number): number {
  return 3 * toTickMs(leaseMs);
}
