import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  AccessError,
  createApiTokens,
  createClaimTokens,
  createPageCodes,
  createSessions,
  hashToken,
} from '../../../../services/core/access/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

const person = { role: 'view', actor: 'user:test:1' } as const;
const toToken = (name: string) => ({
  name,
  role: 'view' as const,
  createdBy: 'test',
  expiresAt: Date.now() + 60_000,
});

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = await server.connect();
});
afterAll(() => server.stop());

test('a claim token belongs to the first agent that uses it', async () => {
  const tokens = createClaimTokens(redis);
  const token = await tokens.issue('large');
  expect(await tokens.use(token, 'zero', 'small')).toBe('large');
  const both = await Promise.all([tokens.use(token, 'one', 'large'), tokens.use(token, 'two', 'large')]);
  expect(both).toEqual(['large', undefined]);
  expect(await tokens.use(token, 'one', 'large')).toBe('large');
  expect(await tokens.use(`${token}x`, 'one', 'large')).toBeUndefined();
  expect(await tokens.use(`bc.${'A'.repeat(43)}`, 'one', 'large')).toBeUndefined();
});

test('also while Redis is full agents get what they claim with, since only they can empty it', async () => {
  const tokens = createClaimTokens(redis);
  await redis.config('SET', 'maxmemory', 1);
  const token = await tokens.issue('large');
  expect(await tokens.use(token, 'one', 'large')).toBe('large');
  expect(await tokens.use(token, 'two', 'large')).toBeUndefined();
  await redis.config('SET', 'maxmemory', 0);
});

test('a code is good once, for its path', async () => {
  const codes = createPageCodes(redis);
  const code = await codes.issue('/jobs/1');
  const both = await Promise.all([codes.redeem(code, '/jobs/1'), codes.redeem(code, '/jobs/1')]);
  expect(both.sort()).toEqual([false, true]);
  const wrong = await codes.issue('/jobs/1');
  expect(await codes.redeem(wrong, '/jobs/2')).toBe(false);
  expect(await codes.redeem(wrong, '/jobs/1')).toBe(false);
  for (const none of ['', 'x', 'A'.repeat(43)]) expect(await codes.redeem(none, '/')).toBe(false);
});

test('no secret can be read in Redis, and each key ends by itself', async () => {
  const token = await createClaimTokens(redis).issue('large');
  const code = await createPageCodes(redis).issue('/');
  const cookie = await createSessions(redis).start({ person, idleMs: 60_000, lastsMs: 60_000 });
  const created = await createApiTokens(redis).create(toToken('seen'));
  const apiToken = typeof created === 'object' ? created.token : '';
  await createApiTokens(redis).find(apiToken);
  const keys = await redis.keys('*');
  const lists = ['access:sessions', 'access:tokens'];
  const texts = await Promise.all(
    keys.map(async (key) =>
      lists.includes(key) ? (await redis.zrange(key, '0', '-1')).join() : await redis.get(key),
    ),
  );
  for (const secret of [token, code, cookie, apiToken, apiToken.slice(3)])
    expect(`${keys.join()} ${texts.join()}`).not.toContain(secret);
  expect(keys).toContain(`access:claim:${hashToken(token)}`);
  for (const key of keys) {
    expect(key).toMatch(/^access:/);
    if (!lists.includes(key)) expect(await redis.pttl(key)).toBeGreaterThan(0);
  }
});

test('when Redis is gone nobody is let in', async () => {
  const other = await server.connect();
  other.disconnect();
  await expect(createClaimTokens(other).issue('large')).rejects.toThrow(AccessError);
  await expect(createSessions(other).find('A'.repeat(43))).rejects.toThrow(AccessError);
  await expect(createSessions(other).start({ person, idleMs: 1, lastsMs: 1 })).rejects.toThrow(AccessError);
  await expect(createApiTokens(other).find(`bt_${'A'.repeat(43)}`)).rejects.toThrow(AccessError);
  await expect(createApiTokens(other).create(toToken('x'))).rejects.toThrow(AccessError);
});
