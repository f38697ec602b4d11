import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createJob, startWireApi, toChunk, toJobId, type WireApi } from './wire-api.ts';

const root = join(import.meta.dirname, '..', '..', '..');
const id = toJobId(1);

let api: WireApi;
let folder: string;
beforeEach(async () => {
  api = await startWireApi();
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-cli-'));
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

function start(words: readonly string[], shell?: string) {
  const program = [process.execPath, join(root, 'services/cli/main.ts'), ...words];
  const [file = '', ...args] = shell === undefined ? program : ['bash', '-c', shell, 'bash', ...program];
  const env = { PATH: process.env.PATH, XDG_CACHE_HOME: folder, NODE_NO_WARNINGS: '1', ...api.env };
  const child = spawn(file, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (part: Buffer) => {
    printed.stdout += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    printed.stderr += part.toString();
  });
  const ended = new Promise<{ end: number | string | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (code, signal) => resolve({ end: signal ?? code, ...printed }));
  });
  return { child, ended };
}

test('the program speaks to the api, and its exit code is that of the command', async () => {
  api.jobs.push(createJob(1));
  const listed = await start(['jobs']).ended;
  expect(listed).toMatchObject({ end: 0, stderr: '' });
  expect(listed.stdout).toContain(id);
  expect(await start(['job', 'x']).ended).toMatchObject({ end: 2, stdout: '' });
});

test('a reader that has enough ends the log, like that of any other program', async () => {
  api.jobs.push(createJob(1));
  api.logs.set(id, Buffer.from('line\n'.repeat(1_000_000)));
  const { stdout, stderr } = await start(['logs', id], 'set -o pipefail; "$@" | head -1; echo $?').ended;
  expect([stdout, stderr]).toEqual(['line\n141\n', '']);
});

test('Ctrl-C ends what is being followed at once', async () => {
  api.jobs.push(createJob(1));
  api.streams.set(id, Array(1000).fill(toChunk('1-1', '')));
  const { child, ended } = start(['logs', '-f', id]);
  child.stderr.once('data', () => child.kill('SIGINT'));
  expect((await ended).end).toBe('SIGINT');
});

test('a program of its own takes the place of this process, pid and exit code included', async () => {
  const { child, ended } = start(['tui', '--no-such-option']);
  const { end, stderr } = await ended;
  expect(stderr).toMatch(/no-such-option/);
  expect([end, child.pid]).not.toContain(0);
});
