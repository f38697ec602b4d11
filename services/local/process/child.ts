import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Reaper } from '../../core/execute/index.ts';
import { signalGroup } from '../../core/runtime/index.ts';

/** How a child ended: exit code, or signal. */
export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Why it never ran, where it could not be started. */
  error?: Error;
}

export interface Child {
  readonly process: ChildProcess;
  readonly pid: number | undefined;
  /** Resolves when it has ended; never rejects. */
  readonly ended: Promise<Ending>;
  /** TERM to its group, KILL after the grace. */
  end(graceMs: number): Promise<Ending>;
}

/** Starts a program as a process group of its own, which ends at the latest when we do. */
export function startChild(
  reaper: Reaper,
  command: string,
  args: readonly string[],
  options: SpawnOptions,
): Child {
  const child = spawn(command, [...args], { ...options, detached: true });
  const { pid } = child;
  if (pid !== undefined) reaper.add(pid);
  let over = pid === undefined;
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error) => {
      if (pid === undefined) resolve({ code: null, signal: null, error });
    });
    child.once('exit', (code, signal) => {
      over = true;
      if (pid !== undefined) reaper.remove(pid);
      resolve({ code, signal });
    });
  });
  return {
    process: child,
    pid,
    ended,
    end: async (graceMs) => {
      // Its id may be somebody else's by now.
      if (pid === undefined || over) return ended;
      signalGroup(pid, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

export function toText({ code, signal, error }: Ending): string {
  if (error !== undefined) return error.message;
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
