import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CannotRunError,
  type Engine,
  EngineError,
  type EngineWork,
  type StepEnd,
  type StepRun,
} from './engine.ts';
import { forward } from './forward.ts';
import { type Isolation, isolate, toViewedPath } from './isolation.ts';
import { endGroup, untilExit } from './process-group.ts';
import { createReaper } from './reaper.ts';
import { toCarrier, toScript } from './script.ts';
import { createCpuMeter, watchMemory } from './usage.ts';
import { findDirectory, type Workspace } from './workspace.ts';

export interface ProcessEngineOptions {
  workspace: Workspace;
  isolation: Isolation | Promise<Isolation>;
  /** Where commands are found: all of our own environment that a step gets. */
  path: string;
  /** By which toolchains are found (`toToolVariables`). @default none */
  tools?: Readonly<Record<string, string>>;
  /** From TERM to KILL. @default 10000 */
  graceMs?: number;
}

/**
 * Runs commands as child processes, with the tools of the machine (or of the container) that we run in.
 * A step's `image` is not used, which its log says first.
 */
export function createProcessEngine(options: ProcessEngineOptions): Engine {
  const { workspace, path, graceMs = 10_000 } = options;
  const reaper = createReaper();
  const takeCpu = createCpuMeter();
  let steps = 0;

  const start = async ({ step, variables, secrets = [] }: StepRun, cwd: string) => {
    steps += 1;
    const file = join(workspace.scripts, `${steps}.sh`);
    await writeFile(file, toScript(step), { mode: 0o644, flag: 'wx' });
    const isolation = await options.isolation;
    const { command, uid } = isolate(isolation, workspace.folder, cwd, ['/bin/sh', '-e', file]);
    const [program = '', ...args] = command;
    return spawn(program, args, {
      cwd,
      // The author's variables are set by the script, when nothing of ours runs any more that they could bend.
      env: {
        ...options.tools,
        ...variables,
        ...Object.fromEntries(secrets.map((value, i) => [toCarrier(i), value])),
        PATH: path,
        HOME: toViewedPath(workspace.home, isolation.view),
      },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
  };

  const run = async (given: StepRun): Promise<StepEnd> => {
    const { step, write, signal } = given;
    if (step.image !== undefined)
      await write(
        Buffer.from(`The image ${step.image} is not used: this step runs with the agent's own tools.\n`),
      );
    if (step.resources !== undefined)
      await write(Buffer.from('Its resources are not held: this step runs as a process of the agent.\n'));
    const cwd = await findDirectory(workspace.tree, step.directory);
    if (cwd === undefined) {
      await write(Buffer.from(`There is no directory ${step.directory} in the workspace.\n`));
      return { exitCode: 1 };
    }
    signal.throwIfAborted();
    const child = await start(given, cwd);
    // What ended before was not this step's.
    takeCpu();
    const exit = untilExit(child).then((exitCode) => ({ exitCode, cpuMs: takeCpu() }));
    const output = [child.stdout, child.stderr].map((stream) => forward(stream, write));
    const { pid } = child;
    if (pid === undefined)
      throw new EngineError('no process could be started', { cause: await reasonOf(exit) });
    reaper.add(pid);
    const memory = watchMemory(pid);
    const onAbort = () => void endGroup(pid, graceMs);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const end = await exit;
      // What the step has left in the background ends with it.
      await endGroup(pid, Math.min(graceMs, 1000));
      // Who has left the group may hold the pipe; nobody waits for that longer than a moment.
      const closed = Promise.all(output.map(({ ended }) => ended));
      await Promise.race([closed, delay(1000, undefined, { ref: false })]);
      return { ...end, peakBytes: memory.stop() };
    } finally {
      memory.stop();
      signal.removeEventListener('abort', onAbort);
      for (const { stop } of output) stop();
      reaper.remove(pid);
    }
  };

  return {
    name: 'process',
    prepare: async (work) => refuseImages(work),
    run,
    answers: (_service, port) => answers(port),
    close: () => reaper.stop(),
  };
}

/** What is nothing without its image. */
function refuseImages({ services, steps }: EngineWork): void {
  const mounting = [...services, ...steps].find(({ volumes }) => volumes !== undefined);
  if (mounting !== undefined)
    throw new CannotRunError(
      `needs a container engine: ${JSON.stringify(mounting.name)} asks for volumes, which only a container has`,
    );
  for (const { name, image = '', kind, commands, entrypoint } of [...services, ...steps]) {
    if (kind !== 'plugin' && (commands.length > 0 || entrypoint !== undefined)) continue;
    throw new CannotRunError(
      `needs a container engine: ${JSON.stringify(name)} runs the image ${JSON.stringify(image)} as it is, and this agent runs commands with its own tools`,
    );
  }
}

const answersWithinMs = 1000;

/** Steps have the machine's own ports. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost', timeout: answersWithinMs });
    const settle = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', () => settle(true));
    socket.once('timeout', () => settle(false));
    socket.once('error', () => settle(false));
  });
}

const reasonOf = (failing: Promise<unknown>): Promise<unknown> =>
  failing.then(
    () => undefined,
    (error: unknown) => error,
  );
