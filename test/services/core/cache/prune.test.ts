import { createCipheriv } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pruneCaches, toCacheStore } from '../../../../services/core/cache/index.ts';
import { toSha256 } from '../../../../services/core/cache/packs.ts';
import { openS3Store, type Store } from '../../../../services/core/store/index.ts';
import { type CacheBench, openCacheBench, save, writeFiles } from '../../../support/cache.ts';
import { findS3Server, startS3 } from '../../../support/s3.ts';
import { until } from '../../../support/until.ts';

let bench: CacheBench;
beforeEach(async () => {
  bench = await openCacheBench();
});
afterEach(() => bench.close());

const hourMs = 3_600_000;
const wish = [{ name: 'out', paths: ['out'], key: [] }];
const toScopes = (branch: string) => ({ read: [branch, 'main'], write: branch });

function blobs(): string[] {
  return readdirSync(join(bench.root, 'store'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A megabyte that cannot be made smaller, and is another for each word. */
function noise(seed: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16)).update(
    Buffer.alloc(1 << 20),
  );
}

async function job(branch: string, seed: number, ageMs: number): Promise<void> {
  const known = new Set(blobs());
  const caches = await bench.begin({ x: '' }, { wish, scopes: toScopes(branch) });
  writeFiles(bench.workspace.tree, { 'out/.keep': '' });
  writeFileSync(join(bench.workspace.tree, 'out/noise'), noise(seed));
  await save(caches);
  const then = (Date.now() - ageMs) / 1000;
  for (const path of blobs()) if (!known.has(path)) utimesSync(path, then, then);
}
const hit = async (branch: string) => {
  const scopes = { read: [branch], write: branch };
  return (await bench.begin({ x: '' }, { wish, scopes }))?.restored[0]?.hit;
};

test('below its quota a store keeps all; above it what was written longest ago goes, with what only that needed', async () => {
  for (const [i, branch] of ['oldest', 'old', 'new'].entries()) await job(branch, i, (9 - i) * hourMs);
  expect(await pruneCaches(bench.store, 4 << 20, Date.now())).toBe(0);
  const removed = await pruneCaches(bench.store, 3 << 20, Date.now());
  expect(removed).toBeGreaterThan(1 << 20);
  expect([await hit('oldest'), await hit('old'), await hit('new')]).toEqual(['miss', 'exact', 'exact']);
  expect(blobs().filter((path) => path.includes('/packs/'))).toHaveLength(2);
});

test('what was read counts as used, also by who writes nothing: it stays longer than what was written later', async () => {
  for (const [i, branch] of ['main', 'fix', 'new'].entries()) await job(branch, i, (9 - i) * hourMs);
  expect((await bench.begin({ x: '' }, { wish, scopes: { read: ['main'] } }))?.restored[0]?.hit).toBe(
    'exact',
  );
  await pruneCaches(bench.store, 3 << 20, Date.now());
  expect([await hit('main'), await hit('fix'), await hit('new')]).toEqual(['exact', 'miss', 'exact']);
});

test('what another entry needs stays, and with it whoever else needs it', async () => {
  await job('main', 1, 9 * hourMs);
  await job('other', 2, 8 * hourMs);
  // The same content as the first: one pack for both.
  await job('fix', 1, 2 * hourMs);
  expect(await pruneCaches(bench.store, 1_900_000, Date.now())).toBeGreaterThan(1 << 20);
  expect([await hit('main'), await hit('other'), await hit('fix')]).toEqual(['exact', 'miss', 'exact']);
});

test('a pack that may belong to an entry that is being written stays for an hour', async () => {
  await job('main', 1, 0);
  await pruneCaches(bench.store, 0, Date.now());
  expect(blobs().map((path) => path.includes('/packs/'))).toEqual([true]);
  await pruneCaches(bench.store, 0, Date.now() + 2 * hourMs);
  expect(blobs()).toEqual([]);
});

test('a job puts no more than all caches may have, whatever it never lists', async () => {
  const own = toCacheStore(bench.store, 'a/b', { read: [], write: 'main' }, 2.5 * (1 << 20));
  const put = (seed: number) => own.putPack(toSha256(noise(seed)), noise(seed));
  await put(1);
  await put(2);
  await expect(put(3)).rejects.toThrow('as much as all caches may have');
  expect(blobs()).toHaveLength(2);
});

test('an entry that is damaged counts for nothing, and goes when there is no room', async () => {
  await job('main', 1, 9 * hourMs);
  for (const path of blobs())
    if (path.includes('/entries/')) writeFileSync(path, readFileSync(path).subarray(3));
  await pruneCaches(bench.store, 1 << 20, Date.now());
  expect(blobs().filter((path) => path.includes('/packs/'))).toEqual([]);
});

const s3Server = findS3Server();
(s3Server === undefined ? describe.skip : describe)(`a bucket of ${s3Server}`, () => {
  let server: Awaited<ReturnType<typeof startS3>>;
  let store: Store;
  beforeAll(async () => {
    server = await startS3(s3Server ?? '');
    store = openS3Store(server.options);
  });
  afterAll(() => server.close());

  const begin = (branch: string) => {
    const scopes = toScopes(branch);
    const own = toCacheStore(store, 'gitea/a/b', scopes);
    return bench.begin({ x: '' }, { wish, scopes, store: own });
  };
  /** Until its clock, of seconds with some, shows another time: what is put now is younger than all that is there. */
  const untilLater = async () => {
    const at = async () => {
      await store.put('clock/now', []);
      for await (const { putMs } of store.list('clock')) return putMs;
      return 0;
    };
    const before = await at();
    await until(async () => (await at()) > before);
  };

  test('above its quota what was used longest ago goes: to read an entry is to use it', async () => {
    for (const [i, branch] of ['main', 'fix', 'new'].entries()) {
      const caches = await begin(branch);
      writeFiles(bench.workspace.tree, { 'out/.keep': '' });
      writeFileSync(join(bench.workspace.tree, 'out/noise'), noise(i));
      await save(caches);
      await untilLater();
    }
    // What a branch begins with for the first time is that of the default branch.
    expect((await begin('later'))?.restored[0]?.hit).toBe('exact');
    expect(await pruneCaches(store, 3 << 20, Date.now() + 2 * hourMs)).toBeGreaterThan(1 << 20);
    const scopes: string[] = [];
    for await (const { name } of store.list('caches')) scopes.push(name.split('/')[2] ?? '');
    expect(scopes.sort()).toEqual(['entries', 'entries', 'packs', 'packs', 'used']);
    expect((await begin('fix'))?.restored[0]?.hit).toBe('exact');
    expect(readFileSync(join(bench.workspace.tree, 'out/noise')).equals(noise(0))).toBe(true);
  });
});
