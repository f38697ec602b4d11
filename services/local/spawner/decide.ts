export interface World {
  /** Jobs of the pool that wait for an agent. */
  queued: number;
  /** Agents that have not claimed yet: each is on its way to one of those jobs. */
  starting: number;
  /** Agents that live, the starting ones included. */
  living: number;
  /** At most so many agents. */
  cap: number;
}

/**
 * How many agents to start now: one for each waiting job that has none on its way, as far as the cap
 * lets. Which job each one takes is the queue's to say, when it claims.
 */
export function decide({ queued, starting, living, cap }: World): number {
  return Math.max(0, Math.min(queued - starting, cap - living));
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;

/** How long to wait after so many agents in a row that ended without a claim. */
export function toDelay(failures: number): number {
  return failures === 0 ? 0 : Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs);
}
