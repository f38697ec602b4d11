import { type ChildProcess, spawn } from 'node:child_process';
import { readlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Write } from './engine.ts';
import { forward } from './forward.ts';
import { type Isolation, toHideScript } from './isolation.ts';
import { refuseIds } from './own-ids.ts';
import { endGroup, untilExit } from './process-group.ts';
import { createReaper } from './reaper.ts';
import type { Workspace } from './workspace.ts';

export interface ContainedRun {
  cwd: string;
  env: Readonly<Record<string, string>>;
  write: Write;
  signal: AbortSignal;
}

/** Runs tools that make files of many users, as image builders do, without being root. */
export interface Contained {
  /** Why it cannot be done here, in a sentence with what to do; undefined where it can. */
  refusal(): Promise<string | undefined>;
  /** To its end, and all that it started. @returns the exit code; 128 + n for signal n */
  run(command: readonly string[], options: ContainedRun): Promise<number>;
  close(): Promise<void>;
}

export interface ContainedOptions {
  workspace: Pick<Workspace, 'folder'>;
  isolation: Isolation | Promise<Isolation>;
  /** From TERM to KILL. @default 10000 */
  graceMs?: number;
}

/** Ids that a tool has beside its own: as many as an image's files may have. */
const idCount = 65_535;
/** Above what people and services have, and a row of its own for each user of steps. */
const firstId = 0x4000_0000;

/**
 * In a user namespace of its own: root there is the steps' user here, so what it starts reaches neither our
 * files nor our processes. Where we are root, we give it ids; else the machine must have given us some.
 */
export function createContained({ workspace, isolation, graceMs = 10_000 }: ContainedOptions): Contained {
  const reaper = createReaper();
  const isRoot = process.getuid?.() === 0;

  const start = async (command: readonly string[], cwd: string, env: Readonly<Record<string, string>>) => {
    const kind = await isolation;
    // Where steps are root, so is this; the agent's own container is the wall.
    const given = { ...env, _CONTAINERS_USERNS_CONFIGURED: 'done' };
    if (isRoot && kind.kind !== 'uid') return spawnGroup(command, { cwd, env: given });
    if (kind.kind === 'uid') return startMapped(command, kind.uid, { cwd, env: given });
    const script = kind.kind === 'namespace' ? toHideScript(kind.hide, workspace.folder) : '';
    const shell = ['/bin/sh', '-c', `set -e\n${script}\nexec "$@"`, 'sh', ...command];
    return spawnGroup(['buildah', 'unshare', '--', ...shell], { cwd, env });
  };

  return {
    refusal: async () => {
      if (process.platform !== 'linux') return `it needs Linux, and this is ${process.platform}`;
      if (isRoot) return undefined;
      return refuseIds(process.getuid?.() ?? 0);
    },
    run: async (command, { cwd, env, write, signal }) => {
      signal.throwIfAborted();
      const child = await start(command, cwd, env);
      const exit = untilExit(child);
      const { pid } = child;
      if (pid === undefined) return exit;
      reaper.add(pid);
      const output = [child.stdout, child.stderr].flatMap((stream) =>
        stream === null ? [] : [forward(stream, write)],
      );
      const closed = Promise.all(output.map(({ ended }) => ended));
      const onAbort = () => void endGroup(pid, graceMs);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      try {
        const exitCode = await exit;
        await endGroup(pid, 1000);
        await Promise.race([closed, delay(1000, undefined, { ref: false })]);
        return exitCode;
      } finally {
        signal.removeEventListener('abort', onAbort);
        for (const { stop } of output) stop();
        reaper.remove(pid);
      }
    },
    close: () => reaper.stop(),
  };
}

interface Surroundings {
  cwd: string;
  env: Readonly<Record<string, string>>;
  uid?: number;
}

function spawnGroup(
  [command = '', ...args]: readonly string[],
  { cwd, env, uid }: Surroundings,
): ChildProcess {
  return spawn(command, args, {
    cwd,
    env,
    detached: true,
    stdio: [uid === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
}

/** The command waits in its namespace until we, outside, have said which ids it has (user_namespaces(7)). */
async function startMapped(
  command: readonly string[],
  uid: number,
  { cwd, env }: Surroundings,
): Promise<ChildProcess> {
  const wait = ['/bin/sh', '-c', 'read go; exec "$@" </dev/null', 'sh', ...command];
  const child = spawnGroup(['unshare', '--user', '--mount', '--', ...wait], { cwd, env, uid });
  const { pid, stdin } = child;
  // Told by 'exit'.
  stdin?.on('error', () => undefined);
  if (pid === undefined) return child;
  if (await untilUnshared(child, pid)) {
    const base = firstId + (uid % 8192) * (idCount + 1);
    const map = `0 ${uid} 1\n1 ${base} ${idCount}\n`;
    for (const which of ['uid_map', 'gid_map']) writeFileSync(`/proc/${pid}/${which}`, map);
  }
  stdin?.end('go\n');
  return child;
}

/** False where it has ended before: the machine allows no such namespace, which its output says. */
async function untilUnshared(child: ChildProcess, pid: number): Promise<boolean> {
  const own = readlinkSync('/proc/self/ns/user');
  while (child.exitCode === null && child.signalCode === null) {
    try {
      if (readlinkSync(`/proc/${pid}/ns/user`) !== own) return true;
    } catch {
      return false; // gone while we looked
    }
    await delay(1);
  }
  return false;
}
