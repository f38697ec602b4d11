import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createDeviceLogins } from '../../../../services/core/access/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
let now = 0;
beforeAll(async () => {
  server = await startRedis();
  redis = await server.connect();
});
afterAll(() => server.stop());
beforeEach(async () => {
  await redis.flushall();
  now = Date.now();
});

const request = { device: 'ada@laptop', address: '192.0.2.7' };
const ada = { actor: 'user:test:1', name: 'ada', role: 'admin' } as const;
const minute = 60_000;
const open = () => createDeviceLogins(redis, () => now);
async function start() {
  const login = await open().start(request);
  if (login === undefined) throw new Error('full');
  return login;
}
/** Waits as a terminal should. */
const poll = (code: string) => {
  now += 5000;
  return open().poll(code);
};

test('a terminal waits until its person has confirmed, and is given the person once', async () => {
  const { deviceCode, userCode, intervalSeconds, expiresInSeconds } = await start();
  expect([intervalSeconds, expiresInSeconds]).toEqual([5, 600]);
  expect(userCode).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  expect(await poll(deviceCode)).toBe('authorization_pending');
  expect(await open().look(userCode.toLowerCase().replace('-', ' '), ada.actor)).toEqual(request);
  expect(await open().decide(userCode, ada)).toBe(true);
  expect(await poll(deviceCode)).toEqual({ person: ada });
  expect(await poll(deviceCode)).toBe('invalid_grant');
});

test('polled by two at once, one of them is given the person', async () => {
  const { deviceCode, userCode } = await start();
  await open().decide(userCode, ada);
  const answers = await Promise.all([open().poll(deviceCode), open().poll(deviceCode)]);
  expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(1);
});

test('a code is decided once: a second answer, also at the same time, changes nothing', async () => {
  const { deviceCode, userCode } = await start();
  const answers = await Promise.all([open().decide(userCode, 'refused'), open().decide(userCode, ada)]);
  expect(answers.sort()).toEqual([false, true]);
  expect(await open().look(userCode, ada.actor)).toBeUndefined();
  const first = await poll(deviceCode);
  expect(first === 'access_denied' || typeof first === 'object').toBe(true);
});

test('whom the person refuses gets nothing', async () => {
  const { deviceCode, userCode } = await start();
  await open().decide(userCode, 'refused');
  expect(await poll(deviceCode)).toBe('access_denied');
  expect(await poll(deviceCode)).toBe('invalid_grant');
});

test('whoever asks too often must wait longer each time, and still gets in by waiting', async () => {
  const { deviceCode, userCode } = await start();
  expect(await open().poll(deviceCode)).toBe('authorization_pending');
  expect(await open().poll(deviceCode)).toBe('slow_down');
  expect(await poll(deviceCode)).toBe('slow_down');
  await open().decide(userCode, ada);
  now += 10_000;
  expect(await poll(deviceCode)).toEqual({ person: ada });
});

test('after ten minutes the code is worth nothing, and its terminal is told so', async () => {
  const { deviceCode, userCode } = await start();
  now += 10 * minute;
  expect(await open().look(userCode, ada.actor)).toBeUndefined();
  expect(await open().decide(userCode, ada)).toBe(false);
  expect(await open().poll(deviceCode)).toBe('expired_token');
});

test('approved in time and asked too late is too late', async () => {
  const { deviceCode, userCode } = await start();
  await open().decide(userCode, ada);
  now += 10 * minute;
  expect(await open().poll(deviceCode)).toBe('expired_token');
});

test('the code that people see does not poll, and invented ones are no grants', async () => {
  const { userCode } = await start();
  for (const code of [userCode, '', 'x', 'A'.repeat(43)])
    expect(await open().poll(code)).toBe('invalid_grant');
});

test('nobody may go through the codes: twenty tries in ten minutes, however many at once', async () => {
  const { userCode } = await start();
  const tries = await Promise.all(
    Array.from({ length: 40 }, () => open().look('BBBB-BBBB', 'user:test:eve')),
  );
  expect(tries.filter((answer) => answer === 'tired')).toHaveLength(20);
  expect(await open().look(userCode, 'user:test:eve')).toBe('tired');
  expect(await open().look(userCode, ada.actor)).toEqual(request);
  for (const key of await redis.keys('access:device-tries:*'))
    expect(await redis.pttl(key)).toBeGreaterThan(0);
});

test('at most a thousand wait at a time, and those that are too late make room', async () => {
  const fill = Array.from({ length: 1000 }, (_, at) => [now + minute, `x${at}`]).flat();
  await redis.zadd('access:devices', ...(fill as [number, string]));
  expect(await open().start(request)).toBeUndefined();
  now += minute;
  expect(await open().start(request)).toBeDefined();
});

test('neither code can be read in Redis, and each key ends by itself', async () => {
  const { deviceCode, userCode } = await start();
  await open().look(userCode, ada.actor);
  const keys = await redis.keys('*');
  expect(keys).toHaveLength(4);
  for (const key of keys) {
    expect(key).not.toContain(deviceCode);
    expect(key).not.toContain(userCode.replace('-', ''));
    if (key !== 'access:devices') expect(await redis.pttl(key)).toBeGreaterThan(0);
  }
});
