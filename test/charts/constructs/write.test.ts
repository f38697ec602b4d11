import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { linkTree, recoverTree, writeTree } from '../../../charts/constructs/write.ts';
import { readTree, root } from '../committed.ts';

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

/** A program that writes one tree over another, and is killed before its nth change of the disk. */
const killed = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
const [folder, files, nth, stays] = JSON.parse(process.argv[1]);
let left = nth;
for (const name of ['mkdirSync', 'linkSync', 'writeFileSync', 'renameSync', 'rmSync']) {
  const real = fs[name];
  fs[name] = (...args) => {
    if (left-- === 0) process.kill(process.pid, 'SIGKILL');
    if (stays && args[0] === folder && name === 'renameSync') throw Object.assign(new Error(), { code: 'EXDEV' });
    return real(...args);
  };
}
syncBuiltinESMExports();
const { writeTree } = await import(${JSON.stringify(join(root, 'charts/constructs/write.ts'))});
writeTree(folder, new Map(files));
`;

test('killed before any of its steps, it leaves what was there or what was to come, whole, and the next run mends the rest', () => {
  const old = new Map([
    ['a/gone.yaml', '1'],
    ['same.yaml', '1'],
    ['z/changed.yaml', '1'],
  ]);
  const now = new Map([
    ['b/new.yaml', '2'],
    ['same.yaml', '1'],
    ['z/changed.yaml', '2'],
  ]);
  const found = new Set<string>();
  for (let nth = 0; ; nth++) {
    writeTree(dist, old);
    const args = ['--input-type=module', '--eval', killed, JSON.stringify([dist, [...now], nth])];
    const { signal, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    if (signal === null) {
      expect([status, stderr]).toEqual([0, '']);
      break;
    }
    recoverTree(dist);
    const left = [...readTree(folder)].map(([path, text]) => [path.replace('dist/', ''), text]);
    expect([[...old], [...now]]).toContainEqual(left);
    found.add(left.length === 3 && left[0]?.[0] === 'b/new.yaml' ? 'new' : 'old');
    writeTree(dist, now);
    expect([...readTree(dist)]).toEqual([...now]);
  }
  expect([...readTree(folder)]).toEqual([...now].map(([path, text]) => [`dist/${path}`, text]));
  expect(found).toEqual(new Set(['old', 'new']));
});

test('a folder that cannot be moved gets its files one by one', () => {
  writeTree(
    dist,
    new Map([
      ['a/gone.yaml', '1'],
      ['b.yaml', '1'],
    ]),
  );
  const now = [
    ['b.yaml', '2'],
    ['c/new.yaml', '2'],
  ];
  const args = ['--input-type=module', '--eval', killed, JSON.stringify([dist, now, -1, true])];
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
  expect([...readTree(folder)]).toEqual(now.map(([path, text]) => [`dist/${path}`, text]));
});

test('a folder that is a link elsewhere stays one', () => {
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('elsewhere', dist);
  writeTree(dist, new Map([['a.yaml', '1']]));
  writeTree(dist, new Map([['a.yaml', '2']]));
  expect(readlinkSync(dist)).toBe('elsewhere');
  expect([...readTree(join(folder, 'elsewhere'))]).toEqual([['a.yaml', '2']]);
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
