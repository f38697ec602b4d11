import { existsSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { linkTree, writeTree } from '../../../charts/constructs/write.ts';
import { readTree } from '../committed.ts';

let folder: string;
let dist: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-write-'));
  dist = join(folder, 'dist');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('the folder holds exactly the files, and nothing stays beside it', () => {
  writeTree(
    dist,
    new Map([
      ['a/one.yaml', '1'],
      ['a/two.yaml', '2'],
      ['b/three.yaml', '3'],
    ]),
  );
  writeTree(
    dist,
    new Map([
      ['a/one.yaml', '1'],
      ['c/d/four.yaml', '4'],
    ]),
  );
  expect([...readTree(folder)]).toEqual([
    ['dist/a/one.yaml', '1'],
    ['dist/c/d/four.yaml', '4'],
  ]);
  expect(existsSync(join(dist, 'b'))).toBe(false);
});

test('an unchanged file is not touched', () => {
  writeTree(
    dist,
    new Map([
      ['one.yaml', '1'],
      ['two.yaml', '2'],
    ]),
  );
  const before = statSync(join(dist, 'one.yaml'), { bigint: true });
  writeTree(
    dist,
    new Map([
      ['one.yaml', '1'],
      ['two.yaml', 'changed'],
    ]),
  );
  const after = statSync(join(dist, 'one.yaml'), { bigint: true });
  expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
});

test('an error on the way leaves the folder as it was', () => {
  writeTree(
    dist,
    new Map([
      ['a.yaml', '1'],
      ['z.yaml', '1'],
    ]),
  );
  const impossible = new Map([
    ['a.yaml', '2'],
    [`${'x'.repeat(300)}.yaml`, '2'],
  ]);
  expect(() => writeTree(dist, impossible)).toThrow('ENAMETOOLONG');
  expect([...readTree(folder)]).toEqual([
    ['dist/a.yaml', '1'],
    ['dist/z.yaml', '1'],
  ]);
});

test('the link leads to the folder, is made once, and its removal harms nothing', () => {
  writeTree(dist, new Map([['a.yaml', '1']]));
  const link = join(folder, '.synth');
  linkTree(link, dist);
  linkTree(link, dist);
  expect(readlinkSync(link)).toBe('dist');
  // What `cdk8s synth` does first.
  rmSync(link, { recursive: true, force: true });
  expect(readTree(dist).size).toBe(1);
});

test('what somebody else put at the place of the link stays', () => {
  writeTree(dist, new Map([['a.yaml', '1']]));
  const link = join(folder, '.synth');
  writeFileSync(link, 'mine');
  linkTree(link, dist);
  expect(statSync(link).isFile()).toBe(true);
});
