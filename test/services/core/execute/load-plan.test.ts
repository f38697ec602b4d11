import { execFileSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadPlans } from '../../../../services/core/execute/index.ts';
import { openWorkspace } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
beforeEach(async () => {
  workspace = await openWorkspace();
});
afterEach(() => workspace.close());

async function write(files: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(workspace.tree, name)), { recursive: true });
    await writeFile(join(workspace.tree, name), text);
  }
}

const good = 'steps: [{commands: make}]';

test('several workflows come in the order of their names', async () => {
  await write({
    '.woodpecker/b.yml': good,
    '.woodpecker/a.yaml': good,
    '.woodpecker/c.yml': good,
    'Cargo.toml': '',
  });
  const plans = await loadPlans(workspace.tree);
  expect(plans[0]).toMatchObject({ source: '.woodpecker/a.yaml', workflow: 'a', detected: false });
  expect(plans.map(({ workflow }) => workflow)).toEqual(['a', 'b', 'c']);
});

test('the one that is asked for is run', async () => {
  await write({ '.woodpecker/b.yml': good, '.woodpecker/a.yaml': 'broken: [' });
  expect((await loadPlans(workspace.tree, { workflow: 'b' })).map(({ source }) => source)).toEqual([
    '.woodpecker/b.yml',
  ]);
  await expect(loadPlans(workspace.tree, { workflow: 'z' })).rejects.toThrow(
    'no workflow is called "z" at this commit',
  );
});

test('without a file a plan is detected', async () => {
  await write({ 'package.json': '{"scripts": {"test": "x"}}' });
  expect((await loadPlans(workspace.tree))[0]).toMatchObject({ detected: true, source: 'package.json' });
});

test('with nothing to detect, it is said what to write', async () => {
  await write({ 'README.md': '' });
  await expect(loadPlans(workspace.tree)).rejects.toThrow(
    /there is no pipeline file.*write one, for example/,
  );
});

test('a name that no workflow can have, and too many of them, are refused', async () => {
  await write({ '.woodpecker/-a.yml': good });
  await expect(loadPlans(workspace.tree)).rejects.toThrow(
    "-a.yml:1:1: the file's name cannot be a workflow's",
  );
  await write(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`.woodpecker/w${i}.yml`, good])));
});

test('more than 50 workflows are refused', async () => {
  await write(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`.woodpecker/w${i}.yml`, good])));
  await expect(loadPlans(workspace.tree)).rejects.toThrow('more than 50 pipeline files');
});

test('a link is never followed: it could lead to our own secrets', async () => {
  const secret = join(workspace.folder, 'secret');
  await writeFile(secret, 'steps: the-secret');
  await symlink(secret, join(workspace.tree, '.bellows.yaml'));
  await expect(loadPlans(workspace.tree)).rejects.toThrow('there is no pipeline file');

  await mkdir(join(workspace.folder, 'elsewhere'));
  await writeFile(join(workspace.folder, 'elsewhere', 'a.yml'), good);
  await symlink(join(workspace.folder, 'elsewhere'), join(workspace.tree, '.woodpecker'));
  await expect(loadPlans(workspace.tree)).rejects.toThrow('there is no pipeline file');

  await mkdir(join(workspace.tree, 'x'));
});

test.each(['link', 'fifo', 'large file'])('a %s as a workflow is refused', async (kind) => {
  const path = join(workspace.tree, '.woodpecker', 'a.yml');
  await mkdir(dirname(path));
  if (kind === 'link') await symlink('/etc/passwd', path);
  if (kind === 'fifo') execFileSync('mkfifo', [path]);
  if (kind === 'large file') await writeFile(path, '#'.repeat(300_000));
  await expect(loadPlans(workspace.tree)).rejects.toThrow(
    '.woodpecker/a.yml:1:1: not a plain file of at most 256 KiB',
  );
});
