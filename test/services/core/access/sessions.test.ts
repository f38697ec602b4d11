import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createSessions, toSessionId } from '../../../../services/core/access/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = await server.connect();
});
afterAll(() => server.stop());
beforeEach(() => redis.flushall());

const ada = { role: 'admin', actor: 'user:test:1', name: 'ada' } as const;
const bob = { role: 'view', actor: 'user:test:2' } as const;
const hour = 3_600_000;
const times = { idleMs: hour, lastsMs: 24 * hour };

test('a cookie is its person until it is signed out, and a listed id opens nothing', async () => {
  const sessions = createSessions(redis);
  const cookie = await sessions.start({ person: ada, ...times });
  expect(await sessions.find(cookie)).toMatchObject(ada);
  const id = toSessionId(cookie);
  expect(cookie).not.toContain(id);
  for (const none of ['', 'x', id, 'A'.repeat(43), `${cookie}A`])
    expect(await sessions.find(none)).toBeUndefined();
  expect(await sessions.end(id)).toBe(true);
  expect(await sessions.find(cookie)).toBeUndefined();
  expect(await sessions.end(id)).toBe(false);
  expect(await sessions.list()).toEqual([]);
});

test('nobody ends or sees the session of another', async () => {
  const sessions = createSessions(redis);
  const cookie = await sessions.start({ person: ada, ...times });
  await sessions.start({ person: bob, ...times });
  expect((await sessions.list(bob.actor)).map(({ actor }) => actor)).toEqual([bob.actor]);
  expect(await sessions.list()).toHaveLength(2);
  expect(await sessions.end(toSessionId(cookie), bob.actor)).toBe(false);
  expect(await sessions.find(cookie)).toMatchObject(ada);
  expect(await sessions.end(toSessionId(cookie), ada.actor)).toBe(true);
});

test('use keeps a session from idling out, but never beyond its end', async () => {
  let now = Date.now();
  const sessions = createSessions(redis, () => now);
  const cookie = await sessions.start({ person: bob, idleMs: hour, lastsMs: 1.5 * hour });
  const ends = now + 1.5 * hour;
  const goes = async () => Math.round(((await redis.pexpiretime(await key())) - ends) / 60_000);
  const key = async () => (await redis.keys('access:session:*'))[0] ?? '';
  expect(await goes()).toBe(-30);
  now += 3 * 60_000;
  await sessions.find(cookie);
  expect(await goes()).toBe(-30);
  now += 17 * 60_000;
  await sessions.find(cookie);
  expect(await goes()).toBe(-10);
  now += 30 * 60_000;
  await sessions.find(cookie);
  expect(await goes()).toBe(0);
  now = ends;
  expect(await sessions.find(cookie)).toBeUndefined();
  expect(await sessions.list()).toEqual([]);
});
