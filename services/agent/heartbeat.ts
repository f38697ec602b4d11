import { ApiError } from '../core/client/index.ts';
import type { JobLink } from './job-link.ts';
import { untilAnswered } from './patience.ts';

export type Verdict = 'cancel' | 'lost';

/**
 * Keeps a claim alive until the signal aborts, and says when it has ended otherwise. The api holds each
 * heartbeat open for a third of the lease, so a cancel arrives at once and the lease is never near its end.
 * While the api is away the build goes on: only the queue knows whether the claim has gone.
 *
 * @returns undefined when the signal aborted.
 */
export async function keepAlive(
  link: Pick<JobLink, 'heartbeat'>,
  leaseMs: number,
  signal: AbortSignal,
): Promise<Verdict | undefined> {
  const waitMs = Math.floor(leaseMs / 3);
  const patience = { longestMs: waitMs, signal };
  try {
    while (!signal.aborted) {
      const { answer } = await untilAnswered(() => link.heartbeat(waitMs, signal), patience);
      if (answer !== 'ok') return answer;
    }
  } catch (error) {
    if (signal.aborted) return undefined;
    // The token has died with its fence: somebody else has the job, or it has ended.
    if (error instanceof ApiError && [401, 403, 404, 409].includes(error.status)) return 'lost';
    throw error;
  }
  return undefined;
}
