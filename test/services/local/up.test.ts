import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { addressSchema, UnreachableError } from '../../../services/core/client/index.ts';
import { isFinal } from '../../../services/core/job/index.ts';
import { readConfig } from '../../../services/core/runtime/index.ts';
import { buildPrograms } from '../../../services/local/bundle/build.ts';
import { localConfigSchema } from '../../../services/local/config.ts';
import { type Folder, toFolder } from '../../../services/local/folder.ts';
import { isAnswered } from '../../../services/local/lock.ts';
import { parseOptions } from '../../../services/local/options.ts';
import { showUp } from '../../../services/local/show-up.ts';
import { openUp, type Up, type UpDeps } from '../../../services/local/up.ts';
import { freePort } from '../../support/git-remote.ts';

const root = join(import.meta.dirname, '../../..');
const path = process.env.PATH ?? '';
let programs: string;
let temporary: string;
let folder: Folder;
let up: Up | undefined;
let said: string[];

beforeAll(async () => {
  programs = await buildPrograms(root, join(root, 'node_modules'));
});
beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'bellows-up-'));
  // As /tmp is: steps of another user walk through it to their workspace.
  await chmod(temporary, 0o711);
  folder = toFolder(join(temporary, 'data'), temporary);
  said = [];
});
afterEach(async () => {
  await up?.stop();
  up = undefined;
  await rm(temporary, { recursive: true });
});

async function toDeps(env: Record<string, string> = {}): Promise<UpDeps> {
  const ports = ['--port', `${await freePort()}`, '--git-port', `${await freePort()}`];
  return {
    options: parseOptions([...ports, '--agents', '2'], 2),
    config: readConfig(localConfigSchema, { BELLOWS_ROOT: root, BELLOWS_PROGRAMS: programs, ...env }),
    folder,
    node: process.execPath,
    uid: process.getuid?.() ?? 0,
    path,
    tools: {},
    say: (line) => said.push(line),
  };
}

const show = (deps: UpDeps, opened: Up, tui?: (job: string | undefined) => Promise<number>) =>
  showUp({ ...deps, up: opened, root, tui, signal: new AbortController().signal });

/** A repository with one step, and its push as a user does it. */
async function push(opened: Up, name: string, command: string): Promise<string> {
  const work = await mkdtemp(join(temporary, 'work-'));
  const git = (...args: string[]) =>
    promisify(execFile)('git', args, {
      cwd: work,
      env: {
        PATH: path,
        HOME: work,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_AUTHOR_NAME: 'Ann',
        GIT_AUTHOR_EMAIL: 'ann@example.org',
        GIT_COMMITTER_NAME: 'Ann',
        GIT_COMMITTER_EMAIL: 'ann@example.org',
      },
    });
  await writeFile(join(work, '.bellows.yaml'), `steps:\n  - name: only\n    commands:\n      - ${command}\n`);
  await git('init', '--quiet', '--initial-branch=main');
  await git('config', `credential.${opened.gitOrigin}.helper`, opened.helper);
  await git('add', '.');
  await git('commit', '--quiet', '--message', 'One');
  return (await git('push', `${opened.gitOrigin}/${name}.git`, 'main')).stderr;
}

/** The one job of a repository, when it has ended. */
async function untilEnded(opened: Up, name: string) {
  const { client } = opened;
  for (;;) {
    try {
      const { jobs, event } = await client.jobs({ repository: `local/${name}` });
      const [job] = jobs;
      if (job !== undefined && isFinal(job.state)) return job;
      // Any event is a reason to look again.
      for await (const message of client.events(event, AbortSignal.timeout(20_000)))
        if ('event' in message) break;
    } catch (error) {
      // The api is being started again.
      if (!(error instanceof UnreachableError)) throw error;
      await delay(20);
    }
  }
}

test('a first start builds the example to its end, tells how to push, and leaves nothing when it stops', async () => {
  const deps = await toDeps();
  up = await openUp(deps);
  expect(up.isNew).toBe(true);
  expect(await show(deps, up)).toBe(true);
  const text = said.join('\n');
  expect(text).toMatch(/^Bellows is up: http:\/\/127\.0\.0\.1:\d+/m);
  expect(text).toMatch(/ {2}git config credential\.\S+\.helper .+\n {2}git push http:\S+ HEAD\n/);
  expect(text).toMatch(/│ ok: 4 lines, none longer than 24\n/);
  expect(text).toMatch(/\n {2}success in /);
  const address = addressSchema.parse(JSON.parse(await readFile(folder.clientFile, 'utf8')));
  expect((await stat(folder.clientFile)).mode & 0o777).toBe(0o600);
  await up.stop();
  expect(await isAnswered(Number(new URL(address.api).port))).toBe(false);
  expect(await readdir(folder.run)).toEqual([]);
  await expect(stat(folder.workspaces)).rejects.toThrow(/ENOENT/);
  await expect(stat(folder.clientFile)).rejects.toThrow(/ENOENT/);

  // Started again: no second example, and the history is there.
  up = await openUp(deps);
  expect(up.isNew).toBe(false);
  const { jobs } = await up.client.jobs();
  expect(jobs.map(({ state }) => state)).toEqual(['success']);
});

test('a push whose api dies before it hears of it is accepted, and its job ends exactly once', async () => {
  const deps = await toDeps({ BELLOWS_CRASH: 'before-delivery:ann/app' });
  up = await openUp(deps);
  expect(await push(up, 'ann/app', 'echo built')).toMatch(/remote: Bellows: accepted/);
  expect((await untilEnded(up, 'ann/app')).state).toBe('success');
  expect(said).toEqual(expect.arrayContaining([expect.stringMatching(/The api ended \(signal SIGKILL\)/)]));
  const { jobs } = await up.client.jobs({ repository: 'local/ann/app' });
  expect(jobs).toHaveLength(1);
});

test('a push prints the address of its job, and steps cannot see the data folder', async () => {
  up = await openUp(await toDeps());
  const printed = await push(up, 'ann/app', `test ! -r ${folder.clientFile}`);
  expect(printed).toMatch(/remote: Bellows: http:\/\/127\.0\.0\.1:\d+\/jobs\/[0-9a-f]{20}\?code=\S+/);
  expect((await untilEnded(up, 'ann/app')).state).toBe('success');
});

test('one data folder has one Bellows, and a port that is taken is said', async () => {
  const deps = await toDeps();
  up = await openUp(deps);
  await expect(openUp(await toDeps())).rejects.toThrow(/already up for .*\/data/);
  const other = { ...deps, folder: toFolder(join(temporary, 'other'), join(temporary, 'other')) };
  await expect(openUp(other)).rejects.toThrow(/Port \d+ is taken by another program.*--port/);
});

test('in a terminal the first job is opened there; leaving it goes on, Ctrl-C in it ends all', async () => {
  const deps = await toDeps();
  up = await openUp(deps);
  const opened: (string | undefined)[] = [];
  const leave = async (job: string | undefined) => {
    opened.push(job);
    return 0;
  };
  expect(await show(deps, up, leave)).toBe(true);
  expect(opened[0]).toMatch(/^[0-9a-f]{20}$/);
  expect(said.at(-1)).toMatch(/goes on/);
  expect(await show(deps, { ...up, isNew: false }, async () => 130)).toBe(false);
});
