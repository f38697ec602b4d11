import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { decodeEntry, type Entry, encodeEntry, packBytes } from '../../../../services/core/cache/entry.ts';
import { toCacheStore } from '../../../../services/core/cache/index.ts';
import type { CachePlan } from '../../../../services/core/pipeline/index.ts';
import { type CacheBench, openCacheBench, save, writeFiles } from '../../../support/cache.ts';

let bench: CacheBench;
beforeEach(async () => {
  bench = await openCacheBench();
});
afterEach(() => bench.close());

const files = { lock: '1' };
const wish: CachePlan[] = [{ name: 'out', paths: ['out', '~/kept'], key: ['lock'] }];
const begin = (given: Parameters<CacheBench['begin']>[1] = {}, tree: Record<string, string> = files) =>
  bench.begin(tree, { wish, ...given });
const at = (path: string) => join(bench.workspace.tree, path);

/** Every blob of the store, by its name. */
function blobs(): string[] {
  const root = join(bench.root, 'store', 'caches');
  return existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .sort()
    : [];
}
const packs = () => blobs().filter((path) => path.includes('/packs/'));
const entries = () => blobs().filter((path) => path.includes('/entries/'));

/** Changes what stands in the store of the one cache there is. */
async function tamper(change: (entry: Entry) => object): Promise<void> {
  const [path = ''] = entries();
  const entry = decodeEntry(readFileSync(path), 99, () => true);
  writeFileSync(path, await encodeEntry({ ...entry, ...change(entry) }));
}

async function keepSomething(): Promise<void> {
  const caches = await begin();
  writeFiles(bench.workspace.tree, { 'out/a': 'alpha', 'out/b/c': 'gamma' });
  expect((await save(caches)).unsaved).toEqual([]);
}

test('files come back with their bytes, modes and times; so do folders, links, further names and large files', async () => {
  const caches = await begin();
  const large = Buffer.alloc(packBytes * 2 + 7, 'large');
  writeFiles(bench.workspace.tree, { 'out/run': '#!', 'out/deep/er/file': 'x', 'out/none': '' });
  writeFiles(bench.workspace.home, { 'kept/one': '1' });
  writeFileSync(at('out/large'), large);
  linkSync(at('out/run'), at('out/same'));
  symlinkSync('../run', at('out/deep/link'));
  chmodSync(at('out/run'), 0o4755);
  utimesSync(at('out/run'), 1_700_000_000.123456, 1_700_000_000.123456);
  chmodSync(at('out/deep/er'), 0o555);
  await save(caches);
  chmodSync(at('out/deep/er'), 0o755);

  expect((await begin())?.restored).toMatchObject([{ name: 'out', hit: 'exact' }]);
  expect(readFileSync(at('out/large')).equals(large)).toBe(true);
  expect(readFileSync(at('out/deep/er/file'), 'utf8')).toBe('x');
  expect(readFileSync(join(bench.workspace.home, 'kept/one'), 'utf8')).toBe('1');
  expect(statSync(at('out/none')).size).toBe(0);
  const run = statSync(at('out/run'));
  // Neither here nor anywhere does a cache bring set-user-id.
  expect(run.mode & 0o7777).toBe(0o755);
  expect(Math.floor(run.mtimeMs * 1000)).toBe(1_700_000_000_123_456);
  expect(statSync(at('out/same')).ino).toBe(run.ino);
  expect(readlinkSync(at('out/deep/link'))).toBe('../run');
  expect(statSync(at('out/deep/er')).mode & 0o777).toBe(0o555);
  expect(readdirSync(bench.workspace.folder).sort()).toEqual(['home', 'tree']);
  chmodSync(at('out/deep/er'), 0o755);
});

test('what has not changed is not put again', async () => {
  const caches = await begin();
  for (const name of ['a', 'b', 'c']) writeFileSync(at(name), '');
  mkdirSync(at('out'));
  for (let i = 0; i < 8; i++) writeFileSync(at(`out/${i}`), Buffer.alloc(packBytes / 2, String(i)));
  const { saved: first } = await save(caches);
  const before = packs();
  const second = await begin();
  writeFileSync(at('out/5'), 'other');
  const { saved } = await save(second);
  expect(packs().filter((pack) => before.includes(pack))).toEqual(before);
  expect(packs().length - before.length).toBe(1);
  expect(saved[0]?.bytes).toBeLessThan(first[0]?.bytes ?? 0);
  await begin();
  expect(readFileSync(at('out/5'), 'utf8')).toBe('other');
  expect(readFileSync(at('out/4')).equals(Buffer.alloc(packBytes / 2, '4'))).toBe(true);
});

test('what was only given a further name is not put again', async () => {
  await keepSomething();
  const caches = await begin();
  linkSync(at('out/a'), at('installed'));
  const { saved } = await save(caches);
  const [entry = ''] = entries();
  expect(saved).toMatchObject([{ bytes: statSync(entry).size }]);
});

test('a test of Go that has read a file of the commit may be taken from the cache: its time is as it was', async () => {
  const tree = { 'go.mod': 'module x', 'testdata/x': 'x' };
  const begun = async (word: string) => {
    const caches = await bench.begin({ ...tree, 'testdata/y': word }, { wish: 'auto' });
    writeFiles(bench.workspace.home, { 'go/pkg/mod/x': 'x' });
    const times = ['testdata/x', 'testdata/y'].map((path) => statSync(at(path), { bigint: true }).mtimeNs);
    await save(caches);
    return times;
  };
  const [first, other] = await begun('one');
  const second = await begun('two');
  expect(second[0]).toBe(first);
  expect(second[1]).toBeGreaterThan(other ?? 0n);
});

test('a modern Yarn is known by its lock file', async () => {
  const caches = await bench.begin(
    { 'web/yarn.lock': '# x\n\n__metadata:\n  version: 8\n' },
    { wish: 'auto' },
  );
  expect(Object.keys(caches?.variables ?? {})).toEqual(['YARN_GLOBAL_FOLDER']);
});

test('a file whose time and size were set back is kept as it is', async () => {
  const caches = await begin();
  mkdirSync(at('out'));
  writeFileSync(at('out/big'), Buffer.alloc(1 << 20, 'a'));
  await save(caches);
  const second = await begin();
  const { mtimeMs } = statSync(at('out/big'));
  writeFileSync(at('out/big'), Buffer.alloc(1 << 20, 'b'));
  utimesSync(at('out/big'), mtimeMs / 1000, mtimeMs / 1000);
  await save(second);
  await begin();
  expect(readFileSync(at('out/big'), 'utf8')[0]).toBe('b');
});

test('pipes, and links that lead out of the job, are left out', async () => {
  const caches = await begin();
  writeFiles(bench.workspace.tree, { 'out/a': '1' });
  execFileSync('mkfifo', [at('out/pipe')]);
  for (const [name, target] of [
    ['abs', '/etc/passwd'],
    ['up', '../../../store'],
    ['near', '../lock'],
  ] as const)
    symlinkSync(target, at(`out/${name}`));
  await save(caches);
  await begin();
  expect(readdirSync(at('out')).sort()).toEqual(['a', 'near']);
});

test('a folder that a step has replaced by a link is not looked into', async () => {
  const caches = await begin({ wish: [{ name: 'out', paths: ['dir/out'], key: [] }] }, { 'dir/x': '' });
  writeFiles(bench.root, { 'secret/out/key': 'hunter2' });
  renameSync(at('dir'), at('gone'));
  symlinkSync(join(bench.root, 'secret'), at('dir'));
  expect((await save(caches)).saved).toEqual([]);
  expect(blobs()).toEqual([]);
});

test.each<[string, Record<string, string>]>([
  ['files', { 'out/mine': 'x' }],
  ['a file', { out: 'x' }],
])('nothing is restored, and nothing is left behind, where the commit has %s there', async (_what, more) => {
  await keepSomething();
  const caches = await begin({}, { ...files, ...more });
  expect(caches?.restored).toMatchObject([{ hit: 'miss' }]);
  expect(bench.said.join()).toContain('in the commit');
  for (const [path, text] of Object.entries(more)) expect(readFileSync(at(path), 'utf8')).toBe(text);
  expect(existsSync(join(bench.workspace.home, 'kept'))).toBe(false);
});

test('nothing is restored, and nothing is left behind, where a link of the commit stands above it', async () => {
  const nested: CachePlan[] = [{ name: 'out', paths: ['dir/out'], key: ['lock'] }];
  const first = await begin({ wish: nested }, { ...files, 'dir/x': '' });
  writeFiles(bench.workspace.tree, { 'dir/out/a': '1' });
  await save(first);
  mkdirSync(join(bench.root, 'elsewhere'));
  // The toolchain is asked for before anything is restored.
  const toolchain = async () => {
    symlinkSync(join(bench.root, 'elsewhere'), at('dir'));
    return 'rustc of the test';
  };
  const caches = await begin({ wish: nested, toolchain });
  expect(caches?.restored).toMatchObject([{ hit: 'miss' }]);
  expect(readdirSync(join(bench.root, 'elsewhere'))).toEqual([]);
});

test.each<[string, (entry: Entry) => object]>([
  ['..', ({ files: [first] }) => ({ files: [['0/../../x', ...(first ?? []).slice(1)]] })],
  ['an absolute path', ({ files: [first] }) => ({ files: [['/etc/x', ...(first ?? []).slice(1)]] })],
  ['another root', ({ files: [first] }) => ({ files: [['7/x', ...(first ?? []).slice(1)]] })],
  ['a NUL', ({ files: [first] }) => ({ files: [['0/a\0', ...(first ?? []).slice(1)]] })],
  ['a link out', () => ({ links: [['0/l', '../../..']] })],
  ['a link to /', () => ({ links: [['0/l', '/']] })],
  [
    'a file below a link',
    ({ files: [first] }) => ({ links: [['0/l', 'b']], files: [['0/l/x', ...(first ?? []).slice(1)]] }),
  ],
  ['a second name of what is not there', () => ({ twins: [['0/t', '1/x']] })],
  ['a name twice', ({ folders }) => ({ folders: [...folders, folders[0]] })],
  [
    'a mode of more than nine bits',
    ({ folders }) => ({ folders: folders.map(([path, , time]) => [path, 0o4755, time]) }),
  ],
  ['packs that are longer', ({ packs: [first] }) => ({ packs: [[first?.[0], first?.[1], 9]] })],
  [
    'a size that is a lie',
    ({ files: [first, second] }) => ({ files: [first, [...(second ?? []).slice(0, 3), 2 ** 40, 0]] }),
  ],
  ['no files', () => ({ files: undefined })],
  ['a source above the tree', () => ({ sources: [['../x', 'a'.repeat(27), 1]] })],
])('nothing is restored, and nothing is left behind, of an entry with %s', async (_what, change) => {
  await keepSomething();
  await tamper(change);
  expect((await begin())?.restored).toMatchObject([{ hit: 'miss', bytes: 0 }]);
  expect(existsSync(at('out'))).toBe(false);
  expect(readdirSync(bench.workspace.folder).sort()).toEqual(['home', 'tree']);
  expect(bench.said).toHaveLength(1);
});

test.each<[string, (path: string) => void]>([
  ['is damaged', (path) => writeFileSync(path, readFileSync(path).fill(1, 12, 14))],
  ['is cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, 10))],
  ['is gone', (path) => renameSync(path, `${path}.gone`)],
])('nothing is restored, and nothing is left behind, of an entry whose pack %s', async (_what, damage) => {
  await keepSomething();
  for (const pack of packs()) damage(pack);
  const caches = await begin();
  expect(caches?.restored).toMatchObject([{ hit: 'miss' }]);
  expect(existsSync(at('out'))).toBe(false);
  writeFiles(bench.workspace.tree, { 'out/a': 'again' });
  await save(caches);
  // What was lost is whole again with the next job.
  expect((await begin())?.restored).toMatchObject([{ hit: 'exact' }]);
  expect(readFileSync(at('out/a'), 'utf8')).toBe('again');
});

test('nothing is restored, and nothing is left behind, of a bomb', async () => {
  await keepSomething();
  const { zstdCompressSync } = await import('node:zlib');
  const bomb = zstdCompressSync(Buffer.alloc(64 << 20));
  writeFileSync(join(packs()[0] ?? '', '..', createHash('sha256').update(bomb).digest('hex')), bomb);
  await tamper(({ packs: [first] }) => ({
    packs: [[createHash('sha256').update(bomb).digest('hex'), bomb.length, first?.[2]]],
  }));
  expect((await begin())?.restored).toMatchObject([{ hit: 'miss' }]);
});

test('nothing is restored, and nothing is left behind, of what was made by a clock that is ahead', async () => {
  await keepSomething();
  await tamper(() => ({ newestUs: (Date.now() + 60_000) * 1000 }));
  expect((await begin())?.restored).toMatchObject([{ hit: 'miss' }]);
  expect(bench.said.join()).toContain('a clock that is ahead');
});
test('a reader sees all of what was there before a save, or all of what is there after it', async () => {
  await keepSomething();
  const caches = await begin();
  writeFiles(bench.workspace.tree, { 'out/a': 'ALPHA', 'out/b/c': 'GAMMA' });
  const stopped = new AbortController();
  stopped.abort();
  await expect(caches?.save(stopped.signal)).rejects.toThrow();
  await begin();
  expect([readFileSync(at('out/a'), 'utf8'), readFileSync(at('out/b/c'), 'utf8')]).toEqual([
    'alpha',
    'gamma',
  ]);
});

test('of two jobs that save at once the next finds all of one, and none of the other', async () => {
  const other = await openCacheBench();
  try {
    const tree = { 'package-lock.json': '1' };
    const scopes = { read: ['branch main'], write: 'branch main' };
    const store = toCacheStore(bench.store, 'local/ada/engine', scopes);
    const both = [
      await bench.begin(tree, { wish: 'auto' }),
      await other.begin(tree, { wish: 'auto', store }),
    ];
    const paths = ['one', 'two', 'three'].map((name) => `.npm/_cacache/${name}`);
    for (const [word, { workspace }] of Object.entries({ bench, other }))
      writeFiles(workspace.home, Object.fromEntries(paths.map((path) => [path, word])));
    const ends = await Promise.all(both.map(save));
    expect(ends.map(({ saved, unsaved }) => [saved.length, unsaved])).toEqual([
      [1, []],
      [1, []],
    ]);
    expect((await bench.begin(tree, { wish: 'auto' }))?.restored).toMatchObject([{ hit: 'exact' }]);
    const words = paths.map((path) => readFileSync(join(bench.workspace.home, path), 'utf8'));
    expect([...new Set(words)]).toHaveLength(1);
  } finally {
    await other.close();
  }
});

test('an entry of another lock file is older; one of the same is preferred, wherever it is', async () => {
  await keepSomething();
  const branch = { read: ['branch fix', 'branch main'], write: 'branch fix' };
  const other = { lock: '2' };
  const caches = await begin({ scopes: branch }, other);
  expect(caches?.restored).toMatchObject([{ hit: 'older' }]);
  writeFiles(bench.workspace.tree, { 'out/a': 'of the branch' });
  await save(caches);
  expect((await begin({ scopes: branch }, other))?.restored).toMatchObject([{ hit: 'exact' }]);
  expect((await begin({ scopes: branch }))?.restored).toMatchObject([{ hit: 'exact' }]);
  expect(readFileSync(at('out/a'), 'utf8')).toBe('alpha');
});

test('what holds for one toolchain, or one place, is not used for another', async () => {
  await keepSomething();
  expect((await begin({ toolchain: async () => 'another' }))?.restored).toMatchObject([{ hit: 'miss' }]);
  expect((await begin({ identity: ['another workflow'] }))?.restored).toMatchObject([{ hit: 'miss' }]);
  expect((await begin())?.restored).toMatchObject([{ hit: 'exact' }]);
});

test('a cache that only grows is begun anew when it is more than twice what it was', async () => {
  await keepSomething();
  const caches = await begin();
  writeFileSync(at('out/garbage'), '');
  truncateSync(at('out/garbage'), 80 << 20);
  const why = expect.stringContaining('anew');
  expect(await save(caches)).toEqual({ saved: [], unsaved: [{ name: 'out', why }] });
  expect((await begin())?.restored).toMatchObject([{ hit: 'miss' }]);
});

test('a job that may not write writes nothing', async () => {
  const caches = await begin({ scopes: { read: ['branch main'] } });
  writeFiles(bench.workspace.tree, { 'out/a': '1' });
  expect(await save(caches)).toEqual({ saved: [], unsaved: [] });
  expect(blobs()).toEqual([]);
});

const asRoot = process.getuid?.() === 0 ? test : test.skip;
asRoot('what root restores belongs to the user of the steps, and only what is theirs is kept', async () => {
  const uid = 59_322;
  const caches = await begin({ uid });
  writeFiles(bench.workspace.tree, { 'out/root': 'not theirs', 'out/theirs': 'theirs' });
  execFileSync('chown', [String(uid), at('out/theirs')]);
  await save(caches);
  await begin({ uid });
  expect(readdirSync(at('out'))).toEqual(['theirs']);
  expect([lstatSync(at('out')).uid, lstatSync(at('out/theirs')).uid]).toEqual([uid, uid]);
});
