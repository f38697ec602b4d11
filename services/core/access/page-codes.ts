import type { Redis } from 'ioredis';
import { ask } from './ask.ts';
import { keys } from './keys.ts';
import { createToken, hashToken, tokenPattern } from './token.ts';

const codeMs = 5 * 60_000;

/** How a browser gets in without an identity provider: by a code that a terminal printed, once. */
export interface PageCodes {
  issue(path: string): Promise<string>;
  /** Whether the code was made for this path and nobody used it before. */
  redeem(code: string, path: string): Promise<boolean>;
}

export function createPageCodes(redis: Redis): PageCodes {
  return {
    issue: async (path) => {
      const code = createToken();
      await ask(redis.set(keys.code(hashToken(code)), path, 'PX', codeMs));
      return code;
    },
    redeem: async (code, path) =>
      tokenPattern.test(code) && (await ask(redis.getdel(keys.code(hashToken(code))))) === path,
  };
}
