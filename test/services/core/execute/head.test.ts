import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readHead } from '../../../../services/core/execute/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-head-'));
});
afterEach(() => rm(folder, { recursive: true }));

const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent' };
const git = (...args: string[]) =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=Ada', '-c', 'user.email=a@b', ...args], { env })
    .toString()
    .trim();

test('a repository tells its branch, commit, author and subject', async () => {
  git('init', '--quiet', '--initial-branch', 'topic/x');
  git('commit', '--quiet', '--allow-empty', '--message', 'Turn the crank\n\nAnd more.');
  const sha = git('rev-parse', 'HEAD');
  const head = { branch: 'topic/x', sha, author: 'Ada', subject: 'Turn the crank' };
  expect(await readHead(folder, env)).toEqual(head);
  git('checkout', '--quiet', '--detach');
  expect(await readHead(folder, env)).toEqual({ ...head, branch: undefined });
});

test('no repository, and one without a commit, tell nothing', async () => {
  expect(await readHead(folder, env)).toBeUndefined();
  git('init', '--quiet');
  expect(await readHead(folder, env)).toBeUndefined();
});
