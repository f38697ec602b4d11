import type { Redis } from 'ioredis';
import * as z from 'zod';
import { personRoleSchema, type Session } from '../job/index.ts';
import { ask, askAll } from './ask.ts';
import type { Person } from './identity.ts';
import { keys } from './keys.ts';
import { createToken, hashToken, tokenPattern } from './token.ts';

/** Whoever may sign in cannot fill Redis; the ones that end soonest make room. */
const mostSessions = 10_000;

const recordSchema = z.object({
  actor: z.string(),
  name: z.string().optional(),
  role: personRoleSchema,
  createdAt: z.int(),
  endsAt: z.int(),
  idleMs: z.int(),
});
type SessionRecord = z.infer<typeof recordSchema>;

export interface NewSession {
  person: Pick<Person, 'actor' | 'name' | 'role'>;
  /** It ends when it was not used for so long, */
  idleMs: number;
  /** and in any case after this, when what its person may do is looked up anew. */
  lastsMs: number;
}

/** Browsers that are signed in, each by an opaque cookie of which only the hash is kept. */
export interface Sessions {
  /** The cookie's value. */
  start(session: NewSession): Promise<string>;
  /** Who the cookie is; asking keeps the session from idling out. */
  find(cookie: string): Promise<Person | undefined>;
  /** Of one person, or of all; the newest first. */
  list(actor?: string): Promise<Omit<Session, 'current'>[]>;
  /** False: there is none (any more), or it is not this person's. */
  end(id: string, actor?: string): Promise<boolean>;
}

/** A session's name where it is listed and ended: it does not open it. */
export function toSessionId(cookie: string): string {
  return toId(hashToken(cookie));
}

export function createSessions(redis: Redis, now: () => number = Date.now): Sessions {
  const list: Sessions['list'] = async (actor) => {
    const hashes = await ask(redis.zrange(keys.sessions, `(${now()}`, '+inf', 'BYSCORE'));
    const found = hashes.length === 0 ? [] : await ask(redis.mget(hashes.map(keys.session)));
    return found
      .flatMap((text, at) => (text === null ? [] : [{ hash: hashes[at] ?? '', record: parse(text) }]))
      .filter(({ record }) => actor === undefined || record.actor === actor)
      .map(({ hash, record: { idleMs: _, ...shown } }) => ({ id: toId(hash), ...shown }))
      .sort((a, b) => b.createdAt - a.createdAt);
  };

  return {
    start: async ({ person: { actor, name, role }, idleMs, lastsMs }) => {
      const cookie = createToken();
      const hash = hashToken(cookie);
      const createdAt = now();
      const record: SessionRecord = { actor, name, role, createdAt, endsAt: createdAt + lastsMs, idleMs };
      await askAll(
        redis
          .multi()
          .set(keys.session(hash), JSON.stringify(record), 'PX', Math.min(idleMs, lastsMs))
          .zadd(keys.sessions, record.endsAt, hash)
          .zremrangebyscore(keys.sessions, '-inf', createdAt)
          .zremrangebyrank(keys.sessions, 0, -mostSessions - 1),
      );
      return cookie;
    },
    find: async (cookie) => {
      if (!tokenPattern.test(cookie)) return undefined;
      const key = keys.session(hashToken(cookie));
      const text = await ask(redis.get(key));
      if (text === null) return undefined;
      const { idleMs, endsAt, createdAt: _, ...person } = parse(text);
      if (now() >= endsAt) return undefined;
      const goesAt = await ask(redis.pexpiretime(key));
      const renewed = Math.min(now() + idleMs, endsAt);
      // Not with each request: a write waits for the disk.
      if (renewed - goesAt > idleMs / 10) await ask(redis.pexpireat(key, renewed));
      return { ...person, expiresAt: endsAt };
    },
    list,
    end: async (id, actor) => {
      const hashes = await ask(redis.zrange(keys.sessions, `(${now()}`, '+inf', 'BYSCORE'));
      const hash = hashes.find((each) => toId(each) === id);
      const text = hash === undefined ? null : await ask(redis.get(keys.session(hash)));
      if (hash === undefined || text === null) return false;
      if (actor !== undefined && parse(text).actor !== actor) return false;
      await askAll(redis.multi().del(keys.session(hash)).zrem(keys.sessions, hash));
      return true;
    },
  };
}

function parse(text: string): SessionRecord {
  return recordSchema.parse(JSON.parse(text));
}

function toId(hash: string): string {
  return hash.slice(0, 16);
}
