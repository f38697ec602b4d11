export interface World {
  /** Jobs of the pool that wait for an agent. */
  queued: number;
  /** Pushes that are being received: each is about to become a job. */
  expected: number;
  /** Agents that have been told to claim, and have not yet: each is on its way to one of those jobs. */
  claiming: number;
  /** Agents that were started for a push, and wait for its job. */
  ready: number;
  /** Agents that live, those above included. */
  living: number;
  /** At most so many agents. */
  cap: number;
}

export interface Decision {
  /** Agents to start. */
  start: number;
  /** Agents, of those that are ready once the started ones are too, to tell that they may claim. */
  send: number;
  /** Ready agents whose push made no job. */
  end: number;
}

/**
 * One agent for each job that waits, and for each push that is being received, as far as the cap lets: a
 * process starts while git still checks the push. Which job each one takes is the queue's to say.
 */
export function decide({ queued, expected, claiming, ready, living, cap }: World): Decision {
  const waiting = Math.max(0, queued - claiming);
  const wanted = waiting + expected;
  const start = Math.max(0, Math.min(wanted - ready, cap - living));
  return { start, send: Math.min(waiting, ready + start), end: Math.max(0, ready - wanted) };
}

const firstDelayMs = 100;
const longestDelayMs = 10_000;

/** How long to wait after so many agents in a row that ended without a claim. */
export function toDelay(failures: number): number {
  return failures === 0 ? 0 : Math.min(firstDelayMs * 2 ** (failures - 1), longestDelayMs);
}
