import type { StepEnd, StepRun } from '../core/execute/index.ts';
import type { PlannedStep } from '../core/pipeline/index.ts';

/** Of the lease: without an answered heartbeat for so long, somebody else may have the job soon. */
export const fenceAt = 0.8;

/**
 * Keeps a job's effects on others from happening twice. Who is cut off cannot be told that its job belongs to
 * another; so when no heartbeat has been answered for most of the lease, a step that could change something
 * elsewhere is ended before the lease is, and none begins until one has been answered.
 *
 * Other steps go on: an api that is away takes no job from anybody, and nothing that they do leaves the machine.
 */
export interface Fence {
  /** A heartbeat was answered that had been sent then, by `performance.now`: the lease is as old as that. */
  heard(sentAt: number): void;
  guard<R extends StepRun>(run: (given: R) => Promise<StepEnd>): (given: R) => Promise<StepEnd>;
  close(): void;
}

/** @param onSilence told when such a step runs and we are not heard of; it ends the build */
export function createFence(leaseMs: number, onSilence: () => void): Fence {
  let timer: NodeJS.Timeout | undefined;
  let silent = false;
  let running = 0;
  let waiting: (() => void)[] = [];

  const fall = () => {
    silent = true;
    if (running > 0) onSilence();
  };
  const heard = (sentAt: number) => {
    clearTimeout(timer);
    timer = setTimeout(fall, Math.max(0, sentAt + leaseMs * fenceAt - performance.now()));
    timer.unref();
    silent = false;
    for (const wake of waiting.splice(0)) wake();
  };
  const untilHeard = async (signal: AbortSignal) => {
    while (silent && !signal.aborted) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  };
  heard(performance.now());

  return {
    heard,
    guard: (run) => async (given) => {
      if (!reachesOut(given.step)) return run(given);
      await untilHeard(given.signal);
      running += 1;
      try {
        return await run(given);
      } finally {
        running -= 1;
      }
    },
    close: () => {
      clearTimeout(timer);
      waiting = [];
    },
  };
}

/** Whoever has no secret has nothing to change others with; a plugin is there to do so. */
export function reachesOut({ kind, secrets = [] }: Pick<PlannedStep, 'kind' | 'secrets'>): boolean {
  return secrets.length > 0 || kind === 'plugin' || kind === 'image';
}
