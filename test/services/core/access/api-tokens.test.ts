import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { apiTokenPattern, createApiTokens } from '../../../../services/core/access/index.ts';
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

const day = 24 * 3_600_000;
const toNew = (name: string, given = {}) => ({
  name,
  role: 'trigger' as const,
  createdBy: 'admin-token',
  expiresAt: Date.now() + day,
  ...given,
});
async function create(name: string, given = {}) {
  const created = await createApiTokens(redis).create(toNew(name, given));
  if (typeof created !== 'object') throw new Error(created);
  return created.token;
}

test('a token is who it was made for, with its limit, until it is revoked', async () => {
  const tokens = createApiTokens(redis);
  const repositories = ['local/ada/engine'];
  const token = await create('deploy', { repositories });
  expect(token).toMatch(apiTokenPattern);
  expect(await tokens.find(token)).toMatchObject({
    role: 'trigger',
    actor: 'token:deploy',
    token: 'deploy',
    repositories,
  });
  for (const none of ['', 'bt_', token.slice(3), `bt_${'A'.repeat(43)}`, `${token}A`, 'deploy'])
    expect(await tokens.find(none)).toBeUndefined();
  expect(await tokens.revoke('deploy')).toBe(true);
  expect(await tokens.find(token)).toBeUndefined();
  expect(await tokens.revoke('deploy')).toBe(false);
  expect(await redis.zcard('access:tokens')).toBe(0);
});

test('one that a person signed in with acts as that person', async () => {
  const token = await create('login-1', { person: { actor: 'user:gitea:7', name: 'ada' } });
  expect(await createApiTokens(redis).find(token)).toMatchObject({ actor: 'user:gitea:7', name: 'ada' });
});

test('two of one name are never alive, however they race', async () => {
  const tokens = createApiTokens(redis);
  const answers = await Promise.all([1, 2, 3].map(() => tokens.create(toNew('deploy'))));
  expect(answers.filter((answer) => answer === 'taken')).toHaveLength(2);
  await tokens.revoke('deploy');
  expect(await tokens.create(toNew('deploy'))).toMatchObject({ token: expect.any(String) });
});

test('its last use is known to the day, and written once a day', async () => {
  let now = Date.UTC(2100, 0, 31, 23);
  const tokens = createApiTokens(redis, () => now);
  const created = await tokens.create(toNew('deploy', { expiresAt: now + 3 * day }));
  const token = typeof created === 'object' ? created.token : '';
  expect(await tokens.get('deploy')).not.toHaveProperty('lastUsed');
  await tokens.find(token);
  const writes = async () => /total_commands_processed:(\d+)/.exec(await redis.info('stats'))?.[1];
  const before = Number(await writes());
  await tokens.find(token);
  expect(Number(await writes()) - before).toBe(2); // the MGET, and the question itself
  expect((await tokens.get('deploy'))?.lastUsed).toBe('2100-01-31');
  now += 2 * 3_600_000;
  await tokens.find(token);
  expect((await tokens.list())[0]?.lastUsed).toBe('2100-02-01');
});

test('after its time it opens nothing, and leaves nothing behind', async () => {
  let now = Date.now();
  const tokens = createApiTokens(redis, () => now);
  const token = await create('short', { expiresAt: now + 60_000 });
  now += 60_000;
  expect(await tokens.find(token)).toBeUndefined();
  expect(await tokens.list()).toEqual([]);
  await tokens.create(toNew('next', { expiresAt: now + day }));
  expect(await redis.zcard('access:tokens')).toBe(1);
});

test('there is a most, and what shows a token never holds it', async () => {
  const tokens = createApiTokens(redis);
  const token = await create('first');
  expect(JSON.stringify(await tokens.list())).not.toContain(token);
  const fill = Array.from({ length: 999 }, (_, at) => [Date.now() + day, `x${at}`]).flat();
  await redis.zadd('access:tokens', ...(fill as [number, string]));
  expect(await tokens.create(toNew('one-more'))).toBe('full');
});
