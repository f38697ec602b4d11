import type { Redis } from 'ioredis';
import { ask } from './ask.ts';
import { keys } from './keys.ts';
import { claimTokenPattern, createClaimToken, hashToken } from './token.ts';

/** How long an agent may take to start, milliseconds. */
const claimTokenMs = 60_000;

export interface ClaimTokens {
  /** A credential for one agent to claim in one pool, within a minute. */
  issue(pool: string): Promise<string>;
  /**
   * The pool that this agent may claim in. The first agent to use a token owns it: a claim whose reply
   * was lost can be repeated, and the queue gives the same agent the same job. Who asks for another pool
   * does not use it.
   */
  use(token: string, agent: string, pool: string): Promise<string | undefined>;
}

/** SET, also when Redis is out of memory: without a credential nobody could end the work that fills it. */
const set = "#!lua flags=allow-oom\nreturn redis.call('SET', KEYS[1], ARGV[1], 'PX', unpack(ARGV, 2))";

export function createClaimTokens(redis: Redis): ClaimTokens {
  return {
    issue: async (pool) => {
      const token = createClaimToken();
      await ask(redis.eval(set, 1, keys.claim(hashToken(token)), pool, claimTokenMs));
      return token;
    },
    use: async (token, agent, wanted) => {
      if (!claimTokenPattern.test(token)) return undefined;
      const hash = hashToken(token);
      const pool = await ask(redis.get(keys.claim(hash)));
      if (pool === null) return undefined;
      if (pool !== wanted) return pool;
      // Outlives the token itself, so that no second agent can come after the first.
      const owner = await ask(redis.eval(set, 1, keys.claimed(hash), agent, 2 * claimTokenMs, 'NX', 'GET'));
      return owner === null || owner === agent ? pool : undefined;
    },
  };
}
