import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../core/log/index.ts';

/** Does something again and again until the signal aborts; says once when it fails, and once when it works again. */
export async function repeat(
  name: string,
  everyMs: number,
  action: () => Promise<void>,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<void> {
  let failing = false;
  // Replicas that were started together do not act together.
  let pauseMs = everyMs * Math.random();
  while (!signal.aborted) {
    try {
      await action();
      if (failing) log.info(`${name} works again`);
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, `${name} fails; it is tried again`);
      failing = true;
    }
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
    pauseMs = everyMs;
  }
}
