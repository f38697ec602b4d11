import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { signalProcess } from '../../core/runtime/index.ts';

const graceMs = 10_000;

/**
 * Ends a Redis of this data folder that outlived its parent. It is known by its pid file *and* by a
 * command line that names our socket: a pid alone may long be somebody else's.
 *
 * @returns the pid of what was ended
 */
export async function endLeftover(pidFile: string, socket: string): Promise<number | undefined> {
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).trim());
  let ended: number | undefined;
  if (Number.isInteger(pid) && pid > 1 && (await readCommand(pid)).includes(socket)) {
    await end(pid, socket);
    ended = pid;
  }
  await rm(pidFile, { force: true });
  await rm(socket, { force: true });
  return ended;
}

async function end(pid: number, socket: string): Promise<void> {
  const isOurs = async () => (await readCommand(pid)).includes(socket);
  signalProcess(pid, 'SIGTERM');
  const until = performance.now() + graceMs;
  // Not our child, so nothing tells us when it has ended.
  while (await isOurs()) {
    if (performance.now() > until) signalProcess(pid, 'SIGKILL');
    await delay(20);
  }
}

/** The command line of a process, empty when there is none; Linux's /proc first, `ps` elsewhere. */
async function readCommand(pid: number): Promise<string> {
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    const ps = promisify(execFile)('ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
    return ps.then(({ stdout }) => stdout).catch(() => '');
  }
}
