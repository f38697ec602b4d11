import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeCredentialHelper } from '../../../services/local/credential.ts';
import { exampleName, pushExample } from '../../../services/local/example.ts';
import { openTestRemote, pushPassword } from '../../support/git-remote.ts';

const files = join(import.meta.dirname, '../../../services/local/example-repository');
let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "bellows it's a "));
});
afterEach(() => rm(data, { recursive: true }));

test('the example is pushed as a person would push it, and the answer is what the remote said', async () => {
  const remote = await openTestRemote();
  try {
    await writeFile(join(data, 'password'), pushPassword, { mode: 0o600 });
    const helper = await writeCredentialHelper(data, join(data, 'password'));
    const path = process.env.PATH ?? '';
    expect(await pushExample({ files, origin: remote.origin, helper, path })).toEqual([
      'job of refs/heads/main',
    ]);
    expect(remote.told).toMatchObject([{ repository: exampleName, movement: { ref: 'refs/heads/main' } }]);
    const listed = await remote.git(
      '-C',
      remote.repositories.toPath(exampleName),
      'ls-tree',
      '--name-only',
      'main',
    );
    expect(listed.split('\n')).toEqual(['.bellows.yaml', 'README.md', 'test.sh', 'wrap.sh']);
  } finally {
    await remote.close();
  }
});

test('the example’s own test passes, and would not if a word were lost', async () => {
  const run = (env: Record<string, string>) =>
    promisify(execFile)('sh', ['test.sh'], { cwd: files, env: { PATH: process.env.PATH ?? '', ...env } });
  expect((await run({ WIDTH: '24' })).stdout).toMatch(/\nok: 4 lines, none longer than 24\n$/);
  await expect(run({ WIDTH: '3' })).rejects.toThrow();
});
