import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { quote, toPushLines, writeCredentialHelper } from '../../../services/local/credential.ts';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), "bellows it's a "));
});
afterEach(() => rm(data, { recursive: true }));

test('the printed line makes git answer with the password, from a folder of any name', async () => {
  await writeFile(join(data, 'password'), 'the-password\n', { mode: 0o600 });
  const helper = await writeCredentialHelper(data, join(data, 'password'));
  expect((await stat(helper)).mode & 0o777).toBe(0o700);
  const env = { PATH: process.env.PATH ?? '', HOME: data, GIT_CONFIG_NOSYSTEM: '1' };
  const [configure] = toPushLines('http://127.0.0.1:7441', helper);
  await promisify(execFile)('git', ['init', '--quiet', data], { env });
  await promisify(execFile)('/bin/sh', ['-c', configure], { cwd: data, env });
  const filled = promisify(execFile)('git', ['credential', 'fill'], { cwd: data, env });
  filled.child.stdin?.end('url=http://127.0.0.1:7441/a/b.git\n\n');
  expect((await filled).stdout).toMatch(/username=bellows\npassword=the-password\n/);
});

test('a plain path needs no quotes, and a quote is no way out', async () => {
  expect(toPushLines('http://127.0.0.1:7441', '/home/ann/x')).toEqual([
    'git config credential.http://127.0.0.1:7441.helper /home/ann/x',
    'git push http://127.0.0.1:7441/you/project.git HEAD',
  ]);
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `printf %s ${quote("a'; echo b; '$(c)")}`]);
  expect(stdout).toBe("a'; echo b; '$(c)");
});
