import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, UnreachableError } from '../core/client/index.ts';

export interface Patience {
  /** The first pause, milliseconds; doubled each time. @default 50 */
  firstMs?: number;
  /** The longest pause, milliseconds. @default 5000 */
  longestMs?: number;
  signal?: AbortSignal;
}

/**
 * Repeats a request, which must be safe to repeat, for as long as the api does not answer or says that it
 * cannot now (5xx, 408, 429). Any other answer is an answer.
 *
 * @throws the last error, when the signal aborts; the api's, when it said no.
 */
export async function untilAnswered<T>(
  request: () => Promise<T>,
  { firstMs = 50, longestMs = 5000, signal }: Patience = {},
): Promise<T> {
  for (let pause = firstMs; ; pause = Math.min(pause * 2, longestMs)) {
    try {
      return await request();
    } catch (error) {
      if (!isPassing(error) || signal?.aborted === true) throw error;
      // Jitter, so that agents do not come back as one; an abort ends the pause and is seen above.
      const half = pause / 2;
      await sleep(half + Math.random() * half, undefined, signal === undefined ? {} : { signal }).catch(
        () => {
          throw error;
        },
      );
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.status >= 500 || error.status === 408 || error.status === 429;
  return error instanceof UnreachableError;
}
