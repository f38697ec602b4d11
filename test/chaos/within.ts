import { setTimeout as delay } from 'node:timers/promises';

/**
 * What a promise comes to.
 *
 * @param waited how long the machine has let everybody wait, milliseconds: that is not counted
 * @throws where it does not come to anything in time
 */
export async function within<T>(
  ms: number,
  promise: Promise<T>,
  what: string,
  waited: () => number,
): Promise<T> {
  const over = new AbortController();
  const end = performance.now() + ms - waited();
  const late = async (): Promise<never> => {
    for (let left = ms; left > 0; left = end + waited() - performance.now())
      await delay(left, undefined, { signal: over.signal });
    throw new Error(`${what} does not end in ${ms} ms`);
  };
  const losing = late();
  losing.catch(() => undefined);
  return Promise.race([promise, losing]).finally(() => over.abort());
}
