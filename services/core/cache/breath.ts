import { setImmediate as turn } from 'node:timers/promises';

/** For loops that go through thousands of files at once: lets heartbeats and logs through, every so often. */
export function createBreath(everyMs = 20): () => Promise<void> | undefined {
  let since = performance.now();
  return () => {
    if (performance.now() - since < everyMs) return undefined;
    return turn().then(() => {
      since = performance.now();
    });
  };
}
