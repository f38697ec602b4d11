import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { AccessError, type AuditChain, createAuditChain } from '../../../../services/core/access/index.ts';
import {
  type AuditHead,
  createVerifier,
  type NewAuditRecord,
} from '../../../../services/core/audit/index.ts';
import type { Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

let server: TestRedis;
let redis: Redis;
beforeEach(async () => {
  server = await startRedis();
  redis = await server.connect();
});
afterEach(() => server.stop());

const begun: NewAuditRecord = { event: 'begun', actor: 'admin-token', action: 'POST /x', target: '/x' };
const refusal = {
  actor: 'nobody',
  action: 'GET /api/v1/jobs',
  target: '',
  address: '192.0.2.7',
  status: 401,
};

async function check(chain: AuditChain, known: AuditHead[] = []) {
  const { entries, anchor, head } = await chain.read({ after: 0, limit: 1000 });
  const verifier = createVerifier(anchor, known);
  for (const entry of entries) verifier.add(entry);
  return {
    finding: verifier.finish(head),
    entries,
    records: entries.map(({ text }) => JSON.parse(text)),
    anchor,
  };
}

test('two replicas at once keep one chain, with every record and none twice', async () => {
  const replicas = [createAuditChain(redis, 1000), createAuditChain(await server.connect(), 1000)];
  const numbers = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      // Some come together, some while others are being written.
      for (let turn = 0; turn < i % 7; turn++) await Promise.resolve();
      return replicas[i % 2]?.append({ ...begun, target: `/${i}` });
    }),
  );
  expect(new Set(numbers).size).toBe(200);
  const { finding, records } = await check(createAuditChain(redis, 1000));
  expect(finding).toBeUndefined();
  expect(records.map(({ target }) => target).sort()).toEqual(
    Array.from({ length: 200 }, (_, i) => `/${i}`).sort(),
  );
  for (const [i, n] of numbers.entries()) expect(records[(n ?? 0) - 1].target).toBe(`/${i}`);
});

test('it is read oldest first to be checked, and newest first by people', async () => {
  const chain = createAuditChain(redis, 1000);
  for (let i = 0; i < 5; i++) await chain.append(begun);
  expect((await chain.read({ after: 2, limit: 2 })).entries.map(({ n }) => n)).toEqual([3, 4]);
  expect((await chain.read({ before: 5, limit: 2 })).entries.map(({ n }) => n)).toEqual([4, 3]);
});

test.each<[string, (redis: Redis) => Promise<unknown>, number]>([
  ['a record is replaced', replaceThird, 3],
  ['a record is deleted', (store) => store.xdel('access:{audit}', '3-0'), 3],
  ['the end is cut off', (store) => store.xdel('access:{audit}', '5-0'), 5],
  ['the beginning is cut off', (store) => store.xtrim('access:{audit}', 'MINID', '3-0'), 1],
  ['all of it is deleted', (store) => store.del('access:{audit}'), 1],
])('who has Redis cannot change it unseen: %s', async (_, tamper, at) => {
  const chain = createAuditChain(redis, 1000);
  for (let i = 0; i < 5; i++) await chain.append(begun);
  await tamper(redis);
  expect((await check(chain)).finding?.n).toBe(at);
});

test('a chain that somebody began anew is told by a head that was exported', async () => {
  const chain = createAuditChain(redis, 1000);
  for (let i = 0; i < 5; i++) await chain.append(begun);
  const exported = await chain.head();
  await redis.flushall();
  for (let i = 0; i < 5; i++) await chain.append(begun);
  expect((await check(chain)).finding).toBeUndefined();
  expect((await check(chain, [exported])).finding).toMatchObject({ n: 5 });
});

test('it is trimmed to what is kept, and can be checked from there', async () => {
  const chain = createAuditChain(redis, 16);
  for (let i = 0; i < 100; i++) await chain.append(begun);
  const { finding, entries, anchor } = await check(chain);
  expect(finding).toBeUndefined();
  expect(entries.length).toBeLessThanOrEqual(19);
  expect(entries[0]?.n).toBe(anchor.n + 1);
});

test('refusals are counted, and become as many records as there is room for', async () => {
  const chain = createAuditChain(redis, 1000);
  for (let i = 0; i < 10; i++) await chain.refuse(refusal);
  for (let i = 0; i < 100; i++) await chain.refuse({ ...refusal, address: `192.0.2.${i + 100}` });
  await chain.writeRefusals();
  await chain.writeRefusals();
  const { finding, records } = await check(chain);
  expect(finding).toBeUndefined();
  expect(records).toHaveLength(25);
  expect(records).toContainEqual(expect.objectContaining({ ...refusal, event: 'refused', times: 10 }));
  expect(records).toContainEqual(expect.objectContaining({ actor: 'others', times: 77 }));
  expect(records.reduce((sum, { times }) => sum + times, 0)).toBe(110);
});

test('two replicas write a refusal once, and none that comes meanwhile is lost', async () => {
  const replicas = [createAuditChain(redis, 1000), createAuditChain(await server.connect(), 1000)];
  const all: Promise<unknown>[] = [];
  for (let i = 0; i < 60; i++)
    all.push(...replicas.flatMap((chain) => [chain.refuse(refusal), chain.writeRefusals()]));
  await Promise.all(all);
  await replicas[0]?.writeRefusals();
  const { finding, records } = await check(createAuditChain(redis, 1000));
  expect(finding).toBeUndefined();
  expect(records.reduce((sum, { times }) => sum + times, 0)).toBe(120);
});

test('without Redis nothing is recorded, and whoever asked is told', async () => {
  const gone = await server.connect();
  const chain = createAuditChain(gone, 1000);
  gone.disconnect();
  await expect(chain.append(begun)).rejects.toThrow(AccessError);
  await expect(chain.refuse(refusal)).rejects.toThrow(AccessError);
});

test('a Redis that is full still records: what ends work is a change too', async () => {
  const chain = createAuditChain(redis, 1000);
  await chain.append(begun);
  await redis.config('SET', 'maxmemory', '1');
  expect(await chain.append(begun)).toBe(2);
  await redis.config('SET', 'maxmemory', '0');
});

async function replaceThird(store: Redis): Promise<void> {
  const entries = await store.xrange('access:{audit}', '-', '+');
  await store.del('access:{audit}');
  for (const [id, [, text = '', , hash = '']] of entries)
    await store.xadd(
      'access:{audit}',
      id,
      'text',
      id === '3-0' ? text.replace('admin', 'other') : text,
      'hash',
      hash,
    );
}
