import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { addressSchema, createApiClient } from '../../services/core/client/index.ts';
import { isFinal, type JobState } from '../../services/core/job/index.ts';
import { toFolder } from '../../services/local/folder.ts';
import { isAnswered } from '../../services/local/lock.ts';
import { freePort } from '../support/git-remote.ts';

const program = join(import.meta.dirname, '../../services/local/main.ts');
let data: string;
let started: ChildProcess[] = [];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'bellows-e2e-'));
  started = [];
});
afterEach(async () => {
  for (const child of started.filter((each) => each.exitCode === null && each.signalCode === null)) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  await rm(data, { recursive: true });
  await rm(toFolder(data).workspaces, { recursive: true, force: true });
});

/** A real `up`, when it has said how to push. */
async function start(...args: string[]) {
  const ports = [await freePort(), await freePort()];
  const [port, gitPort] = ports;
  const given = ['--data', data, '--port', `${port}`, '--git-port', `${gitPort}`, ...args];
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...given], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const helper = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`up ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, path] = /git config \S+ (\S+)$/.exec(line) ?? [];
      if (path !== undefined) resolve(path);
    });
  });
  const { api, git, token } = addressSchema.parse(
    JSON.parse(await readFile(join(data, 'client.json'), 'utf8')),
  );
  return { child, ports, helper, git: `${git}`, client: createApiClient({ url: api, token }) };
}
type Started = Awaited<ReturnType<typeof start>>;

async function push(up: Started, command: string): Promise<void> {
  const work = await mkdtemp(join(data, 'work-'));
  const git = (...args: string[]) =>
    promisify(execFile)('git', ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org', ...args], {
      cwd: work,
      env: { PATH: process.env.PATH ?? '', HOME: work, GIT_CONFIG_NOSYSTEM: '1' },
    });
  await writeFile(join(work, '.bellows.yaml'), `steps:\n  - name: only\n    commands:\n      - ${command}\n`);
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'One');
  await git(
    '-c',
    `credential.${up.git}.helper=${up.helper}`,
    'push',
    '--quiet',
    `${up.git}/ann/app.git`,
    'main',
  );
}

async function untilState(up: Started, isSo: (state: JobState) => boolean): Promise<JobState> {
  for (;;) {
    const { jobs, event } = await up.client.jobs();
    if (jobs[0] !== undefined && isSo(jobs[0].state)) return jobs[0].state;
    for await (const message of up.client.events(event, AbortSignal.timeout(20_000)))
      if ('event' in message) break;
  }
}

/** Processes whose arguments, folder or environment name the data folder. */
async function left(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
    if (Number(pid) !== process.pid && `${await read('cmdline')}${await read('environ')}`.includes(data))
      found.push(`${pid} ${await read('cmdline')}`);
  }
  return found;
}

async function untilNothingIsLeft(up: Started): Promise<void> {
  for (let rest = await left(); rest.length > 0; rest = await left()) await delay(20);
  for (const port of up.ports) expect(await isAnswered(port)).toBe(false);
}

test('killed while a job runs, it leaves no process; started again, the push that it had accepted ends', async () => {
  const first = await start('--no-example');
  await push(first, 'sleep 2');
  await untilState(first, (state) => state === 'running');
  first.client.close();
  const ended = once(first.child, 'exit');
  first.child.kill('SIGKILL');
  await ended;
  await untilNothingIsLeft(first);

  const second = await start('--no-example');
  expect(await untilState(second, (state) => isFinal(state))).toBe('success');
  const { jobs } = await second.client.jobs();
  expect(jobs).toHaveLength(1);
  second.client.close();
});

test('TERM ends it in good order: exit code 0, no process, no socket', async () => {
  const up = await start('--no-example');
  up.client.close();
  const ended = once(up.child, 'exit');
  up.child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
  await untilNothingIsLeft(up);
  expect(await readdir(join(data, 'run'))).toEqual([]);
});
