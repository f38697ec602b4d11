import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Decrypter } from 'age-encryption';
import {
  createRepositorySecrets,
  createSecretsKey,
  SealError,
} from '../../../../services/core/access/index.ts';
import { keys } from '../../../../services/core/access/keys.ts';
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

const [one, two] = ['gitea/ada/one', 'gitea/ada/two'];
const [first, second] = [createSecretsKey(), createSecretsKey()];
const setBy = 'admin-token';
const open = (...lines: [string, ...string[]]) => createRepositorySecrets(redis, lines);
const read = async (secrets: ReturnType<typeof open>, repository = one, name = 'token') =>
  (await secrets.open(repository, [name])).get(name)?.value;

test('a secret is set, used, listed without its value and removed; what lies in Redis does not hold it', async () => {
  const secrets = open(first);
  const made = await secrets.put(one, 'token', 'tëxt\nof two lines', { setBy });
  expect(made).toEqual({
    name: 'token',
    events: ['push', 'tag', 'manual', 'cron', 'release', 'deployment'],
    setBy,
    setAt: expect.any(Number),
  });
  expect(await secrets.list(one)).toEqual([made]);
  expect(await read(secrets)).toBe('tëxt\nof two lines');
  expect(JSON.stringify(await redis.hgetall(keys.secrets(one)))).not.toMatch(/lines|bGluZX/);
  expect(await secrets.remove(one, 'token')).toBe(true);
  expect(await secrets.remove(one, 'token')).toBe(false);
  expect(await secrets.open(one, ['token'])).toEqual(new Map());
});

test('a new value keeps the events that nobody changed', async () => {
  const secrets = open(first);
  await secrets.put(one, 'token', 'a', { setBy, events: ['tag'] });
  expect(await secrets.put(one, 'token', 'b', { setBy: 'token:ci' })).toMatchObject({
    events: ['tag'],
    setBy: 'token:ci',
  });
});

test('what was sealed for one place opens in no other', async () => {
  const secrets = open(first);
  await secrets.put(one, 'token', 'a', { setBy });
  const text = (await redis.hget(keys.secrets(one), 'token')) ?? '';
  await redis.hset(keys.secrets(two), 'token', text);
  await redis.hset(keys.secrets(one), 'other', text);
  await redis.hset(keys.secrets(one), 'wider', text.replace('"push"', '"push","pull_request"'));
  await expect(read(secrets, two)).rejects.toThrow(SealError);
  await expect(read(secrets, one, 'other')).rejects.toThrow('moved from another place');
  await redis.hset(keys.secrets(one), 'token', text.replace('"push"', '"push","pull_request"'));
  await expect(read(secrets)).rejects.toThrow('It was changed');
  await redis.hset(keys.secrets(one), 'token', text.replace('"setAt"', '"branches":["**"],"setAt"'));
  await expect(read(secrets)).rejects.toThrow('It was changed');
  const { data } = JSON.parse(text) as { data: string };
  const bytes = Buffer.from(data, 'base64');
  for (let at = 0; at < bytes.length; at += 3) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    await redis.hset(keys.secrets(one), 'token', text.replace(data, flipped.toString('base64')));
    await expect(read(secrets)).rejects.toThrow(SealError);
  }
});

test('what lies in Redis is an age file, which age opens with the line of the key file', async () => {
  await open(first).put(one, 'token', 'tëxt', { setBy, branches: ['main'] });
  const { data } = JSON.parse((await redis.hget(keys.secrets(one), 'token')) ?? '') as { data: string };
  const file = Buffer.from(data, 'base64');
  expect(file.toString('latin1')).toMatch(/^age-encryption\.org\/v1\n-> X25519 /);
  const decrypter = new Decrypter();
  decrypter.addIdentity(first);
  expect(JSON.parse(await decrypter.decrypt(file, 'text'))).toMatchObject({ text: 'tëxt' });
});

test('a line that only looks like an identity seals nothing', async () => {
  const broken = `${first.slice(0, -1)}${first.endsWith('Q') ? 'P' : 'Q'}`;
  await expect(open(broken).put(one, 'token', 'a', { setBy })).rejects.toThrow('no age identity');
});

test('a key is replaced: both open, the newer seals, and after sealing anew the older is not needed', async () => {
  await open(first).put(one, 'token', 'a', { setBy });
  const both = open(second, first);
  await both.put(two, 'token', 'b', { setBy });
  expect(await read(both)).toBe('a');
  await expect(read(open(second))).rejects.toThrow('not in secrets-key');
  expect(await both.reseal()).toBe(1);
  expect(await both.reseal()).toBe(0);
  expect([await read(open(second)), await read(open(second), two)]).toEqual(['a', 'b']);
  expect((await both.list(one))[0]?.setBy).toBe(setBy);
});

test('a repository has room for 100 secrets and 128 KiB', async () => {
  const secrets = open(first);
  expect(await secrets.put(one, 'a', 'x'.repeat(65_536), { setBy })).toBeDefined();
  expect(await secrets.put(one, 'b', 'x'.repeat(65_537), { setBy })).toBeUndefined();
  expect(await secrets.put(one, 'a', 'y'.repeat(65_536), { setBy })).toBeDefined();
  for (let i = 0; i < 100; i++) await secrets.put(two, `s${i}`, 'x', { setBy });
  expect(await secrets.put(two, 'more', 'x', { setBy })).toBeUndefined();
  expect(await secrets.put(two, 's7', 'y', { setBy })).toBeDefined();
  await secrets.removeAll(two);
  expect(await secrets.list(two)).toEqual([]);
});
