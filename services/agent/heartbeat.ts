import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../core/client/index.ts';
import type { JobLink } from './job-link.ts';
import { untilAnswered } from './patience.ts';

export interface LeaseEvents {
  /** A heartbeat was answered that had been sent then, by `performance.now`: the claim was ours at least then. */
  onHeard(sentAt: number): void;
  /** A person has asked that the job ends. Said once; the claim is kept while it does. */
  onCancel(): void;
  /** Somebody else has the job, or it has ended. Nothing that this agent says counts any more. */
  onLost(): void;
}

/** The api holds no heartbeat for longer. */
const longestWaitMs = 10_000;

/**
 * Keeps a claim alive until the signal aborts or the claim has ended. The api holds each heartbeat open for
 * a third of the lease, so a cancel arrives at once and the lease is never near its end. While the api is
 * away the build goes on: only the queue knows whether the claim has gone. What must not happen twice is the
 * fence's to stop.
 */
export async function keepAlive(
  link: Pick<JobLink, 'heartbeat'>,
  leaseMs: number,
  { onHeard, onCancel, onLost }: LeaseEvents,
  signal: AbortSignal,
): Promise<void> {
  const waitMs = Math.min(Math.floor(leaseMs / 3), longestWaitMs);
  const patience = { longestMs: waitMs, signal };
  let cancelled = false;
  try {
    while (!signal.aborted) {
      const asked = performance.now();
      let sentAt = asked;
      const beat = () => {
        sentAt = performance.now();
        return link.heartbeat(cancelled ? 0 : waitMs, signal);
      };
      const { answer } = await untilAnswered(beat, patience);
      if (answer === 'lost') return onLost();
      onHeard(sentAt);
      if (answer === 'cancel' && !cancelled) {
        cancelled = true;
        onCancel();
      }
      // An api that is about to stop holds nothing; nor does one that we ask about a cancelled job.
      const early = waitMs - (performance.now() - asked);
      if (early > waitMs / 10) await delay(early, undefined, { signal });
    }
  } catch (error) {
    if (signal.aborted) return;
    // The token has died with its fence.
    if (isRefused(error)) return onLost();
    throw error;
  }
}

/** True where the api does not know us (any more) as this job's agent. */
export function isRefused(error: unknown): boolean {
  return error instanceof ApiError && [401, 403, 404, 409].includes(error.status);
}
