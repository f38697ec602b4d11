import type { HeartbeatAnswer } from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';

/**
 * Renews a lease, and holds the answer until something happens to the job: a cancel reaches its agent in
 * milliseconds, and an agent with nothing to hear asks again before a third of its lease is over.
 *
 * @param gone the agent has hung up
 */
export async function holdHeartbeat(
  deps: Pick<ApiDeps, 'queue' | 'watch' | 'stopping'>,
  id: string,
  fence: number,
  waitMs: number,
  gone: AbortSignal,
): Promise<HeartbeatAnswer['answer']> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), waitMs);
  const signal = AbortSignal.any([over.signal, gone, deps.stopping]);
  try {
    for (;;) {
      // Listens before it asks, so that nothing falls between the two.
      const told = deps.watch.next(id, signal);
      const answer = await deps.queue.heartbeat(id, fence);
      if (answer !== 'ok' || waitMs === 0 || !(await told)) return answer;
    }
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
