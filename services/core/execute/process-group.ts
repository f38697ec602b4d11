import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';

/** Signals every process of a group. False where none is left. */
export function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    const code = isNativeError(error) && 'code' in error ? error.code : undefined;
    // EPERM is what macOS answers for a group of zombies.
    if (code === 'ESRCH' || code === 'EPERM') return false;
    throw error;
  }
}

/** TERM to all that is left of a group, and KILL to what is still there after the grace. */
export async function endGroup(group: number, graceMs: number): Promise<void> {
  if (!signalGroup(group, 'SIGTERM')) return;
  if (await isGone(group, graceMs)) return;
  signalGroup(group, 'SIGKILL');
  // A process in an uninterruptible wait may outlast even this; the step has ended all the same.
  await isGone(group, 2000);
}

/** The kernel tells nobody when the last process of a group has gone. */
async function isGone(group: number, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (let waitMs = 1; isGroupAlive(group); waitMs = Math.min(waitMs * 2, 50)) {
    if (performance.now() > until) return false;
    await delay(waitMs);
  }
  return true;
}

/**
 * Zombies do not count: an orphan that has ended stays one until process 1 asks for it, and in a
 * container that is often a program which never does.
 */
export function isGroupAlive(group: number): boolean {
  if (!signalGroup(group, 0)) return false;
  if (process.platform !== 'linux') return true;
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && isLivingMember(name, group));
}

/** proc(5): `pid (name) state parent group …`; a name may hold anything, parentheses too. */
function isLivingMember(pid: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state = '', , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(of) === group && !'ZX'.includes(state);
  } catch {
    return false; // gone while we looked
  }
}

/** The exit code as a shell shows it: 128 + n for signal n. */
export function untilExit(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
  });
}
