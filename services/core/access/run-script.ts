import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ask } from './ask.ts';

/** Runs a script by its digest; Redis gets the text once, and again when it has forgotten. */
export function createScript(redis: Redis, text: string) {
  const sha = createHash('sha1').update(text).digest('hex');
  return (keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> => {
    const rest = [keys.length, ...keys, ...args];
    return ask(
      redis.call('EVALSHA', sha, ...rest).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT'))
          return redis.call('EVAL', text, ...rest);
        throw error;
      }),
    );
  };
}
