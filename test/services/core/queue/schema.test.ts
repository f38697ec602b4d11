import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createSchema, type SchemaRange } from '../../../../services/core/queue/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let redis: TestRedis;
let commands: Redis;
let now = 0;
beforeAll(async () => {
  redis = await startRedis();
  commands = await redis.connect();
});
afterAll(() => redis.stop());
afterEach(() => commands.flushall());

const open = (api: string, range: SchemaRange) => createSchema({ commands, api, range, clock: () => now });
const v1 = { oldest: 1, newest: 1 };
const v1to2 = { oldest: 1, newest: 2 };
const v2 = { oldest: 2, newest: 2 };
const version = () => commands.hget('ci:{q}:schema', 'version');

test('a new api beside an old one serves what the old one can, and more only once that is gone for good', async () => {
  const [older, newer] = [open('older', v1), open('newer', v1to2)];
  await older.renew();
  await newer.renew();
  expect([older.refusal(), newer.refusal(), await version()]).toEqual([undefined, undefined, '1']);
  await older.leave();
  await newer.renew();
  expect([newer.refusal(), await version()]).toEqual([undefined, '2']);
  await older.renew();
  expect(older.refusal()).toBe(
    'Redis holds version 2 of the queue, and this api serves 1. This api is too old: start the release that the others run.',
  );
});

test('an old api beside a new one that came first serves only until the version has risen', async () => {
  await commands.hset('ci:{q}:schema', 'version', '1');
  const [older, newer] = [open('older', v1), open('newer', v1to2)];
  await older.renew();
  await newer.renew();
  await older.renew();
  expect([older.refusal(), newer.refusal(), await version()]).toEqual([undefined, undefined, '1']);
  await older.leave();
  await newer.renew();
  await older.renew();
  expect([older.refusal() === undefined, newer.refusal()]).toEqual([false, undefined]);
  // And the refused one holds nothing back.
  await newer.renew();
  expect(await version()).toBe('2');
});

test('an api that died without a word holds the others back for its lease, and no longer', async () => {
  const [older, newer] = [
    createSchema({ commands, api: 'older', range: v1, leaseMs: 1 }),
    open('newer', v1to2),
  ];
  await older.renew();
  const until = Number((await commands.hget('ci:{q}:schema', 'api older'))?.split(' ')[1]);
  for (;;) {
    const [seconds = '', micros = ''] = (await commands.time()).map(String);
    if (Number(seconds) * 1000 + Number(micros) / 1000 > until + 1) break;
  }
  await newer.renew();
  expect([await version(), await commands.hexists('ci:{q}:schema', 'api older')]).toEqual(['2', 0]);
});

test('an api that cannot serve what is there refuses, and says which way to go', async () => {
  // Written before there was a version.
  await commands.set('ci:{q}:seq', '7');
  const tooNew = open('too new', v2);
  await tooNew.renew();
  expect(tooNew.refusal()).toBe(
    'Redis holds version 1 of the queue, and this api serves 2. This api is too new: first run a release that serves both, until no older api is left.',
  );
  expect(await version()).toBeNull();
});

test('an empty Redis begins with the newest version', async () => {
  const api = open('first', { oldest: 2, newest: 3 });
  await api.renew();
  expect([api.refusal(), await version()]).toEqual([undefined, '3']);
});

test('an api that Redis does not hear refuses by itself before its lease is over', async () => {
  const api = open('cut off', v1);
  expect(api.refusal()).toContain('not known');
  await api.renew();
  now += 24_000;
  expect(api.refusal()).toBeUndefined();
  now += 1;
  expect(api.refusal()).toContain('Redis does not answer this api');
});

test('an api that is refused is not ready, changes nothing, and shows what it can', async () => {
  const refusal = 'Redis holds version 2 of the queue, and this api serves 1.';
  const api: TestApi = await openTestApi({
    schema: { refusal: () => refusal },
    faults: async () => [refusal],
  });
  try {
    const before = await api.keys();
    const answers = [
      await api.hook('{}'),
      await api.admin('/api/v1/jobs', { method: 'POST', json: { repository: 'gitea/ada/forge-bell' } }),
      await api.admin('/api/v1/reconcile', { method: 'POST', json: {} }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect(await answer.json()).toMatchObject({ detail: refusal });
    }
    expect(await api.keys()).toEqual(before);
    expect((await api.admin('/api/v1/jobs')).status).toBe(200);
    const ready = await api.admin('/readyz');
    expect([ready.status, await ready.text()]).toEqual([503, `${refusal}\n`]);
  } finally {
    await api.close();
  }
});
