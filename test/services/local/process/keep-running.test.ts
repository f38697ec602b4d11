import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createReaper } from '../../../../services/core/execute/index.ts';
import { startChild } from '../../../../services/local/process/child.ts';
import { keepRunning } from '../../../../services/local/process/keep-running.ts';

test('a program that ends by itself is started again, later each time, until it is stopped', async () => {
  const reaper = createReaper();
  const pids: (number | undefined)[] = [];
  const losses: string[] = [];
  let onPid: (() => void) | undefined;
  const kept = await keepRunning({
    name: 'sleeper',
    start: () => startChild(reaper, 'sleep', ['300'], { stdio: 'ignore' }),
    ready: async () => undefined,
    onStart: (pid) => {
      pids.push(pid);
      onPid?.();
    },
    onLoss: (text, delayMs) => losses.push(`${text} ${delayMs}`),
  });
  const next = () =>
    new Promise<void>((resolve) => {
      onPid = resolve;
    });
  for (let round = 0; round < 2; round++) {
    const started = next();
    kept.kill('SIGKILL');
    await started;
  }
  expect(new Set(pids).size).toBe(3);
  expect(kept.pid).toBe(pids[2]);
  expect(losses).toEqual(['signal SIGKILL 50', 'signal SIGKILL 100']);
  await kept.stop();
  expect(pids).toHaveLength(3);
  await reaper.stop();
});

test('a program that cannot start says so at once, with how it ended', async () => {
  const reaper = createReaper();
  const begin = keepRunning({
    name: 'The api (its log: x.log)',
    start: () => startChild(reaper, '/bin/sh', ['-c', 'exit 3'], { stdio: 'ignore' }),
    ready: () => new Promise(() => undefined),
    onLoss: () => undefined,
  });
  await expect(begin).rejects.toThrow('The api (its log: x.log) did not start: exit code 3');
  await reaper.stop();
});

test('a program that is never ready is ended, not left behind', async () => {
  const reaper = createReaper();
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-'));
  const file = join(folder, 'ended');
  const begin = keepRunning({
    name: 'mute',
    start: () =>
      startChild(
        reaper,
        '/bin/sh',
        ['-c', `trap 'echo yes > "$0"; exit' TERM; echo up; while :; do sleep 0.01; done`, file],
        {
          stdio: ['ignore', 'pipe', 'ignore'],
        },
      ),
    ready: (child) =>
      new Promise((_, reject) =>
        child.process.stdout?.once('data', () => reject(new Error('it does not answer'))),
      ),
    onLoss: () => undefined,
  });
  await expect(begin).rejects.toThrow('it does not answer');
  expect(await readFile(file, 'utf8')).toBe('yes\n');
  await reaper.stop();
  await rm(folder, { recursive: true });
});
