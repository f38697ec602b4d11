import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Manifest,
  readSources,
  restoreTimes,
  TooManyFiles,
  toManifest,
} from '../../../../services/core/cache/sources.ts';
import { writeFiles } from '../../../support/cache.ts';

let tree: string;
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), 'bellows-test-sources-'));
});
afterEach(() => rm(tree, { recursive: true, force: true }));

const none = new Set<string>();

function checkOut(files: Readonly<Record<string, string>>): void {
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(tree);
  writeFiles(tree, files);
}

/** Small enough that files come, go, change, and change back. */
const commit = fc.dictionary(
  fc.constantFrom('a', 'b', 'src/a', 'src/b', 'src/deep/a'),
  fc.constantFrom('X', 'Y', ''),
  { minKeys: 1, maxKeys: 5 },
);

test('a file is as old as in the build before exactly where its content is that of it; else it is newer than all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(commit, { minLength: 2, maxLength: 5 }), async (commits) => {
      let before: { files: Readonly<Record<string, string>>; manifest: Manifest } | undefined;
      // Later than any file is written here.
      let nowUs = (Date.now() + 3_600_000) * 1000;
      for (const files of commits) {
        checkOut(files);
        nowUs += 1000;
        const found = await readSources(tree, none);
        const manifests = before === undefined ? [] : [before.manifest];
        const { sources, hashes } =
          before === undefined
            ? { sources: found, hashes: new Map<string, string>() }
            : await restoreTimes(tree, found, manifests, nowUs);
        for (const path of Object.keys(files)) {
          const { mtimeUs } = sources.files.get(path) ?? { mtimeUs: undefined };
          const known = before?.manifest.get(path);
          const isSame = before !== undefined && before.files[path] === files[path];
          if (before !== undefined) expect(mtimeUs).toBe(isSame ? known?.mtimeUs : nowUs);
        }
        before = { files, manifest: await toManifest(tree, sources, none, hashes) };
        expect([...before.manifest.keys()].filter((path) => !path.endsWith('/')).sort()).toEqual(
          Object.keys(files).sort(),
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('a file is old only where every build that was restored knows it so, and then as the oldest says', async () => {
  checkOut({ a: 'X', b: 'X' });
  const sources = await readSources(tree, none);
  const { hashes } = await restoreTimes(tree, sources, [], 5_000_000);
  const toOne = (mtimeUs: number, paths: string[]): Manifest =>
    new Map(paths.map((path) => [path, { hash: hashes.get(path) ?? '', mtimeUs }]));
  const now = 9_000_000;
  const manifests = [toOne(3_000_000, ['a', 'b']), toOne(2_000_000, ['a'])];
  const { sources: after } = await restoreTimes(tree, sources, manifests, now);
  expect([after.files.get('a')?.mtimeUs, after.files.get('b')?.mtimeUs]).toEqual([2_000_000, now]);
});

test('what a step has changed, put back in time or taken away is in no manifest', async () => {
  checkOut({ same: '1', changed: '1', backdated: '1', gone: '1', 'dir/x': '1' });
  const sources = await readSources(tree, none);
  const stamp = sources.files.get('backdated')?.mtimeUs ?? 0;
  writeFileSync(join(tree, 'changed'), '2');
  writeFileSync(join(tree, 'backdated'), '2');
  utimesSync(join(tree, 'backdated'), stamp / 1e6, stamp / 1e6);
  rmSync(join(tree, 'gone'));
  writeFileSync(join(tree, 'dir/new'), '');
  const manifest = await toManifest(tree, sources, none, new Map());
  expect([...manifest.keys()].sort()).toEqual(['dir/x', 'same']);
});

test('what is built beside the sources changes no folder, and git’s own files are none of them', async () => {
  checkOut({ a: '1', '.git/HEAD': 'x' });
  const skipped = new Set(['target']);
  const sources = await readSources(tree, skipped);
  writeFiles(tree, { 'target/debug/app': 'x' });
  const manifest = await toManifest(tree, sources, skipped, new Map());
  expect([...manifest.keys()].sort()).toEqual(['/', 'a']);
});

test('a tree of more files than anyone has is refused by name', () => {
  expect(new TooManyFiles('the tree has more than 1 files').name).toBe('TooManyFiles');
});
