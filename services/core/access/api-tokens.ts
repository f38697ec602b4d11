import type { Redis } from 'ioredis';
import * as z from 'zod';
import { type ApiToken, apiTokenSchema } from '../job/index.ts';
import { ask, askAll } from './ask.ts';
import type { Person } from './identity.ts';
import { keys } from './keys.ts';
import { createScript } from './run-script.ts';
import { createToken, hashToken } from './token.ts';

/** `bt_` and 256 random bits: told from other tokens by its beginning, by us and by secret scanners. */
export const apiTokenPattern = /^bt_[A-Za-z0-9_-]{43}$/;

const mostTokens = 1000;

const recordSchema = apiTokenSchema.omit({ lastUsed: true }).extend({
  /** Who acts with it: the token itself, or the person who signed in with it. */
  actor: z.string(),
  person: z.string().optional(),
});
type TokenRecord = z.infer<typeof recordSchema>;

export interface NewApiToken extends Omit<ApiToken, 'createdAt' | 'lastUsed'> {
  /** Who acts with it. @default the token, `token:<name>` */
  person?: Pick<Person, 'actor' | 'name'>;
}

/** What people's programs carry. Only the hash of a token is kept, and it goes with its time. */
export interface ApiTokens {
  /** The token, this once. `taken`: there is one of this name. `full`: revoke some first. */
  create(token: NewApiToken): Promise<{ token: string; createdAt: number } | 'taken' | 'full'>;
  find(token: string): Promise<Person | undefined>;
  get(name: string): Promise<ApiToken | undefined>;
  /** By name. */
  list(): Promise<ApiToken[]>;
  /** From this moment on it opens nothing. False: there is none of this name. */
  revoke(name: string): Promise<boolean>;
}

/**
 * KEYS  [1] the token's record  [2] its name  [3] the list of all
 * ARGV  [1] record  [2] hash  [3] when it ends, milliseconds  [4] now  [5] most tokens
 * Returns done | taken | full.
 */
const addScript = `
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[4])
if redis.call('EXISTS', KEYS[2]) == 1 then return 'taken' end
if redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[5]) then return 'full' end
redis.call('SET', KEYS[1], ARGV[1], 'PXAT', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PXAT', ARGV[3])
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[2])
return 'done'
`;

export function createApiTokens(redis: Redis, now: () => number = Date.now): ApiTokens {
  const add = createScript(redis, addScript);
  const read = async (hashes: readonly string[]): Promise<ApiToken[]> => {
    if (hashes.length === 0) return [];
    const texts = await ask(redis.mget(hashes.flatMap((hash) => [keys.token(hash), keys.tokenDay(hash)])));
    return hashes.flatMap((_, at) => {
      const [text, day] = [texts[2 * at], texts[2 * at + 1]];
      if (text === null || text === undefined) return [];
      const { actor: _actor, person: _person, ...shown } = parse(text);
      return [{ ...shown, ...(day === null ? {} : { lastUsed: day }) }];
    });
  };

  return {
    create: async ({ person, ...given }) => {
      const token = `bt_${createToken()}`;
      const hash = hashToken(token);
      const record: TokenRecord = {
        ...given,
        createdAt: now(),
        actor: person?.actor ?? `token:${given.name}`,
        person: person?.name,
      };
      const names = [keys.token(hash), keys.tokenName(given.name), keys.tokens];
      const args = [JSON.stringify(record), hash, given.expiresAt, now(), mostTokens];
      const answer = await add(names, args);
      if (answer === 'taken' || answer === 'full') return answer;
      return { token, createdAt: record.createdAt };
    },
    find: async (token) => {
      if (!apiTokenPattern.test(token)) return undefined;
      const hash = hashToken(token);
      const [text, day] = await ask(redis.mget(keys.token(hash), keys.tokenDay(hash)));
      if (text === null || text === undefined) return undefined;
      const { actor, person, role, repositories, name, expiresAt } = parse(text);
      if (now() >= expiresAt) return undefined;
      const today = new Date(now()).toISOString().slice(0, 10);
      // A key of its own: written late, it cannot bring a revoked token back.
      if (day !== today) await ask(redis.set(keys.tokenDay(hash), today, 'PXAT', expiresAt));
      return { role, actor, name: person, repositories, token: name, expiresAt };
    },
    get: async (name) => {
      const hash = await ask(redis.get(keys.tokenName(name)));
      return hash === null ? undefined : (await read([hash]))[0];
    },
    list: async () => {
      const tokens = await read(await ask(redis.zrange(keys.tokens, `(${now()}`, '+inf', 'BYSCORE')));
      return tokens.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    revoke: async (name) => {
      const hash = await ask(redis.get(keys.tokenName(name)));
      if (hash === null) return false;
      await askAll(
        redis
          .multi()
          .del(keys.token(hash), keys.tokenDay(hash), keys.tokenName(name))
          .zrem(keys.tokens, hash),
      );
      return true;
    },
  };
}

function parse(text: string): TokenRecord {
  return recordSchema.parse(JSON.parse(text));
}
