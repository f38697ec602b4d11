import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { createMachine } from '../../../services/demo/machine.ts';
import {
  findNaming,
  isApi,
  isRedis,
  parseProc,
  parsePs,
  readChildren,
  readProcesses,
  toAncestors,
  toTree,
} from '../../../services/demo/processes.ts';

const row = (pid: number, parent: number, command = `p${pid}`) => ({ pid, parent, command, rssBytes: 1 });
const rows = [row(1, 0), row(30, 20), row(10, 1), row(20, 10), row(11, 1), row(40, 11)];
const pids = (found: { pid: number }[]) => found.map(({ pid }) => pid);

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A shell with a child of its own, started in `folder`. */
async function startTree(folder: string) {
  const child = spawn('sh', ['-c', 'sleep 3001 & echo ready; wait'], { cwd: folder, detached: true });
  const closed = new Promise((resolve) => child.on('close', resolve));
  ends.push(async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // the test has ended all of it
    }
    await closed;
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  return { pid: child.pid ?? 0, closed };
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bellows-processes-'));
  ends.push(async () => rmSync(folder, { recursive: true }));
  return folder;
}

function machineOf(root: number, folder: string) {
  return createMachine({
    root,
    folder,
    platform: process.platform,
    kill: (pid, signal) => process.kill(pid, signal),
    findLimitMs: 300,
  });
}

test('a tree has its root and all below it, and nobody else', () => {
  expect(pids(toTree(rows, 10))).toEqual([10, 20, 30]);
  expect(pids(toTree(rows, 99))).toEqual([]);
});

test('ancestors lead from a process to the child of the root; a stranger has none', () => {
  expect(pids(toAncestors(rows, 30, 1))).toEqual([30, 20, 10]);
  expect(toAncestors(rows, 30, 11)).toEqual([]);
  expect(toAncestors(rows, 99, 1)).toEqual([]);
});

test('a process is read from /proc whatever brackets its name holds, and a zombie is none', () => {
  const files = (state: string) => ({
    stat: `7 (a) b (c)) ${state} 3 ${'0 '.repeat(17)}250 0`,
    status: 'Name:\ta\nVmRSS:\t    2048 kB\n',
    command: 'node\0main.ts\0',
  });
  expect(parseProc(7, files('S'), 1000)).toEqual({
    pid: 7,
    parent: 3,
    rssBytes: 2048 * 1024,
    startedAt: 1000 + 2500,
    command: 'node main.ts',
  });
  expect(parseProc(7, files('Z'), 1000)).toBeUndefined();
});

test('ps tells the same of a Mac', () => {
  expect(parsePs('  501   1  1024 Ss   /usr/bin/login -p\n  502 501     0 Z    (sh)\n\n')).toEqual([
    { pid: 501, parent: 1, rssBytes: 1024 * 1024, command: '/usr/bin/login -p' },
  ]);
});

test('the api and Redis are known by their command lines, bundled or not', () => {
  const is = (test: typeof isApi, command: string) => test(row(1, 1, command));
  expect(is(isApi, 'node --enable-source-maps /x/programs/api-3f2a.mjs')).toBe(true);
  expect(is(isApi, 'node --enable-source-maps /x/programs/api.mjs')).toBe(true);
  expect(is(isApi, 'node /x/services/api/main.ts')).toBe(true);
  expect(is(isApi, 'node /x/programs/agent-api-tests.mjs')).toBe(false);
  expect(is(isApi, 'node /x/capital.mjs')).toBe(false);
  expect(is(isRedis, 'redis-server unixsocket:/x/redis.sock')).toBe(true);
  expect(is(isRedis, 'sh -c redis-server-not')).toBe(false);
});

test('this very process is found, with its memory and, on Linux, its start', async () => {
  const own = (await readProcesses(process.platform)).find(({ pid }) => pid === process.pid);
  expect(own?.parent).toBe(process.ppid);
  expect(own?.rssBytes).toBeGreaterThan(10 * 2 ** 20);
  if (process.platform === 'linux') {
    const started = Date.now() - process.uptime() * 1000;
    expect(Math.abs((own?.startedAt ?? 0) - started)).toBeLessThan(1500);
  }
});

test('on Linux, the children of a process are found without a look at any other', async () => {
  const { pid } = await startTree(makeFolder());
  const found = await readChildren(process.pid);
  expect(found.some((row) => row.pid === pid)).toBe(process.platform === 'linux');
  expect(found.every((row) => row.parent === process.pid)).toBe(true);
  expect(await readChildren(2 ** 22 + 1)).toEqual([]);
});

test('a process that names a folder in its arguments, or works in it, is found', async () => {
  const folder = makeFolder();
  expect(await findNaming(folder, process.platform)).toEqual([]);
  const { pid } = await startTree(folder);
  const commands = (await findNaming(folder, process.platform)).map(({ command }) => command);
  if (process.platform === 'linux') expect(commands).toContain('sleep 3001');
  expect(pid).toBeGreaterThan(1);
});

test('a machine kills within its tree, and leaves everybody else alone', async () => {
  const folder = makeFolder();
  const one = await startTree(folder);
  const other = await startTree(folder);
  const machine = machineOf(one.pid, folder);
  const sleep = await machine.find('asleep', ({ command }) => command === 'sleep 3001');
  expect((await machine.ancestor(sleep))?.pid).toBe(sleep.pid);

  const stranger = await machineOf(other.pid, folder).find(
    'asleep',
    ({ command }) => command === 'sleep 3001',
  );
  await expect(machine.kill(stranger)).rejects.toThrow('is not of this edition');

  await machine.kill(sleep);
  await one.closed;
  expect(await machine.left([sleep, stranger], 0)).toEqual([stranger]);
  await machineOf(other.pid, folder).kill(stranger);
  await other.closed;
});

test('who does not appear is said to be missing', async () => {
  const machine = machineOf(process.pid, '/nowhere');
  await expect(machine.find('called nobody', () => false)).rejects.toThrow(
    'no process of the edition is called nobody after 0.3 s',
  );
});
