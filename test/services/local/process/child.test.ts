import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from '@jest/globals';
import { createReaper } from '../../../../services/core/execute/index.ts';
import { startChild, toText } from '../../../../services/local/process/child.ts';

const root = join(import.meta.dirname, '../../../..');

/** A parent that starts a child which ignores TERM if asked, says its pid, and waits to be killed. */
const parent = (script: string) => `
  import { createReaper } from '${root}/services/core/execute/index.ts';
  import { startChild } from '${root}/services/local/process/child.ts';
  const child = startChild(createReaper(), '/bin/sh', ['-c', ${JSON.stringify(script)}], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.process.stdout.on('data', (text) => process.stdout.write(text));
  setInterval(() => undefined, 1000);
`;

/** Resolves when the process has ended: its end of a pipe is closed by the kernel. */
const lines = (child: ReturnType<typeof spawn>) => {
  if (child.stdout === null) throw new Error('expected a pipe');
  return createInterface({ input: child.stdout })[Symbol.asyncIterator]();
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a parent that is killed with KILL takes its children, and their children, with it', async () => {
  const script = 'sleep 300 & echo $$ $!; wait';
  const child = spawn(process.execPath, ['--input-type=module', '-e', parent(script)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { value } = await lines(child).next();
  const [first = 0, second = 0] = String(value).split(' ').map(Number);
  expect(isAlive(first) && isAlive(second)).toBe(true);
  child.kill('SIGKILL');
  await untilDead(first);
  await untilDead(second);
});

test('a child is asked first, and one that does not listen is killed', async () => {
  const reaper = createReaper();
  const child = startChild(reaper, '/bin/sh', ['-c', "trap '' TERM; echo up; while :; do sleep 1; done"], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (child.process.stdout !== null) await once(child.process.stdout, 'data');
  expect(await child.end(50)).toEqual({ code: null, signal: 'SIGKILL' });
  const polite = startChild(
    reaper,
    '/bin/sh',
    ['-c', "trap 'exit 7' TERM; echo up; while :; do sleep 0.01; done"],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  if (polite.process.stdout !== null) await once(polite.process.stdout, 'data');
  expect(await polite.end(10_000)).toEqual({ code: 7, signal: null });
  await reaper.stop();
});

test('a program that does not exist ends with the reason', async () => {
  const reaper = createReaper();
  const child = startChild(reaper, '/no/such/program', [], { stdio: 'ignore' });
  expect(toText(await child.ended)).toMatch(/ENOENT/);
  expect(child.pid).toBeUndefined();
  await reaper.stop();
});
