import type { Redis } from 'ioredis';
import { ask } from './ask.ts';
import { keys } from './keys.ts';
import { createToken, hashToken } from './token.ts';

const codeMs = 5 * 60_000;
export const sessionMs = 7 * 24 * 3_600_000;

/** How a browser gets in: a code that a terminal printed, once, becomes a session that only looks. */
export interface Pages {
  issueCode(path: string): Promise<string>;
  /** The session's token, when the code was made for this path and nobody used it before. */
  redeem(code: string, path: string): Promise<string | undefined>;
  isSession(token: string): Promise<boolean>;
}

const pattern = /^[A-Za-z0-9_-]{43}$/;

export function createPages(redis: Redis): Pages {
  return {
    issueCode: async (path) => {
      const code = createToken();
      await ask(redis.set(keys.code(hashToken(code)), path, 'PX', codeMs));
      return code;
    },
    redeem: async (code, path) => {
      if (!pattern.test(code)) return undefined;
      const opens = await ask(redis.getdel(keys.code(hashToken(code))));
      if (opens !== path) return undefined;
      const token = createToken();
      await ask(redis.set(keys.session(hashToken(token)), path, 'PX', sessionMs));
      return token;
    },
    isSession: async (token) =>
      pattern.test(token) && (await ask(redis.exists(keys.session(hashToken(token))))) === 1,
  };
}
