import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../core/client/index.ts';
import type { Context } from './context.ts';

/** How long the api may be away before a command that follows something gives up. */
const patienceMs = 60_000;

/**
 * Repeats `work` while the api is away: a restart, or a line that broke. What the api refuses it would
 * refuse again.
 *
 * @param work calls `alive` whenever it has heard of the api, which begins the wait anew.
 */
export async function patiently<T>(context: Context, work: (alive: () => void) => Promise<T>): Promise<T> {
  let aliveAt = context.now();
  let pauseMs = 0;
  const alive = () => {
    aliveAt = context.now();
    pauseMs = 0;
  };
  for (;;) {
    try {
      return await work(alive);
    } catch (error) {
      const refused = error instanceof ApiError && error.status < 500;
      if (refused || context.now() - aliveAt > patienceMs) throw error;
      if (pauseMs === 0) context.stderr.write('bellows: the api is away; trying again for a minute\n');
      pauseMs = Math.min(Math.max(pauseMs * 2, 100), 2000);
      await delay(pauseMs);
    }
  }
}
