import { execFileSync } from 'node:child_process';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findFiles, openTreeFile } from '../../../../services/core/execute/index.ts';
import { toPathFilter } from '../../../../services/core/pipeline/index.ts';
import { openWorkspace } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

const write = async (...paths: string[]) => {
  for (const path of paths) {
    await mkdir(dirname(join(workspace.tree, path)), { recursive: true });
    await writeFile(join(workspace.tree, path), path);
  }
};
const skip: ReadonlySet<string> = new Set(['.git']);
const find = (
  include: string[],
  exclude: string[] = [],
  more: { most?: number; mostEntries?: number } = {},
) => findFiles(workspace.tree, { filter: toPathFilter(include, exclude), skip, most: 100, ...more });

test('globs name files, and folders with all that is below', async () => {
  await write('dist/a.js', 'dist/deep/er/b.js', 'dist/b.map', 'src/a.js', '.git/config');
  expect((await find(['dist/'])).paths).toEqual(['dist/a.js', 'dist/b.map', 'dist/deep/er/b.js']);
  expect((await find(['./dist'], ['**/*.map', 'dist/deep'])).paths).toEqual(['dist/a.js']);
  expect((await find(['**/*.js'])).paths).toEqual(['dist/a.js', 'dist/deep/er/b.js', 'src/a.js']);
  expect((await find(['.'])).paths).toHaveLength(4);
  expect((await find(['src/a.js', 'nothing/**'])).paths).toEqual(['src/a.js']);
});

test('only folders that can hold what is meant are walked', async () => {
  await write('dist/a.js', ...Array.from({ length: 20 }, (_, i) => `big/${i}`));
  expect(await find(['dist/*.js'], [], { mostEntries: 4 })).toEqual({
    paths: ['dist/a.js'],
    others: [],
    isCut: false,
  });
});

test('a walk ends where there is too much', async () => {
  await write(...Array.from({ length: 20 }, (_, i) => `many/${i}`));
  expect(await find(['many'], [], { most: 3 })).toMatchObject({ isCut: true });
  expect(await find(['many'], [], { mostEntries: 5 })).toMatchObject({ isCut: true });
});

test('links, pipes and their like are named, and never taken or followed', async () => {
  await write('out/real');
  await symlink('/etc', join(workspace.tree, 'out/etc'));
  await symlink('real', join(workspace.tree, 'out/link'));
  execFileSync('mkfifo', [join(workspace.tree, 'out/pipe')]);
  expect(await find(['out'])).toEqual({
    paths: ['out/real'],
    others: ['out/etc', 'out/link', 'out/pipe'],
    isCut: false,
  });
  for (const path of ['out/etc/passwd', 'out/link', 'out/pipe', 'out', 'gone', '../home'])
    expect(await openTreeFile(workspace.tree, path)).toBeUndefined();
});

test('a folder that becomes a link between the look and the opening leads nowhere', async () => {
  await write('out/secret');
  const { paths } = await find(['out']);
  await writeFile(join(workspace.home, 'secret'), 'of another');
  await rename(join(workspace.tree, 'out'), join(workspace.tree, 'away'));
  await symlink(workspace.home, join(workspace.tree, 'out'));
  expect(await openTreeFile(workspace.tree, paths[0] ?? '')).toBeUndefined();
  const opened = await openTreeFile(workspace.tree, 'away/secret');
  expect(await opened?.file.readFile('utf8')).toBe('out/secret');
  await opened?.file.close();
});

test.each(['/etc/*', '../x', 'a/../../b', '..', 'a{b'])('the pattern %s is refused', (pattern) => {
  expect(() => toPathFilter([pattern])).toThrow();
});
