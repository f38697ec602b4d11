import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  AccessError,
  createClaimTokens,
  createPages,
  hashToken,
} from '../../../../services/core/access/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

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
  const both = await Promise.all([tokens.use(token, 'one'), tokens.use(token, 'two')]);
  expect(both).toEqual(['large', undefined]);
  expect(await tokens.use(token, 'one')).toBe('large');
  expect(await tokens.use(`${token}x`, 'one')).toBeUndefined();
  expect(await tokens.use(`bc.${'A'.repeat(43)}`, 'one')).toBeUndefined();
});

test('a code is good once, for its path; the session lives on', async () => {
  const pages = createPages(redis);
  const code = await pages.issueCode('/jobs/1');
  const both = await Promise.all([pages.redeem(code, '/jobs/1'), pages.redeem(code, '/jobs/1')]);
  expect(both.filter((session) => session !== undefined)).toHaveLength(1);
  expect(await pages.isSession(both[0] ?? both[1] ?? '')).toBe(true);
  const wrong = await pages.issueCode('/jobs/1');
  expect(await pages.redeem(wrong, '/jobs/2')).toBeUndefined();
  expect(await pages.redeem(wrong, '/jobs/1')).toBeUndefined();
  for (const none of ['', 'x', 'A'.repeat(43)]) expect(await pages.isSession(none)).toBe(false);
});

test('no token can be read in Redis, and each key ends by itself', async () => {
  const token = await createClaimTokens(redis).issue('large');
  const code = await createPages(redis).issueCode('/');
  const keys = await redis.keys('*');
  expect(keys.join()).not.toContain(token);
  expect(keys.join()).not.toContain(code);
  expect(keys).toContain(`access:claim:${hashToken(token)}`);
  for (const key of keys) {
    expect(key).toMatch(/^access:/);
    expect(await redis.pttl(key)).toBeGreaterThan(0);
  }
});

test('when Redis is gone nobody is let in', async () => {
  const other = await server.connect();
  other.disconnect();
  await expect(createClaimTokens(other).issue('large')).rejects.toThrow(AccessError);
  await expect(createPages(other).isSession('A'.repeat(43))).rejects.toThrow(AccessError);
});
