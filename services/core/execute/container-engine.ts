import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedStep } from '../pipeline/index.ts';
import { type ContainerJob, toContainerStart, toPlace } from './container-arguments.ts';
import type { ContainerCommand } from './container-command.ts';
import { readyImages, toReason } from './container-images.ts';
import {
  type ContainerLimits,
  checkLimits,
  findUnheld,
  type Holds,
  readHolds,
  toLimitArguments,
} from './container-limits.ts';
import { createContainerSweeper } from './container-sweeper.ts';
import { createContainerMeter } from './container-usage.ts';
import { type Engine, EngineError, type StepEnd, type StepRun } from './engine.ts';
import { forward } from './forward.ts';
import type { Isolation } from './isolation.ts';
import { isListening } from './listening.ts';
import { untilExit } from './process-group.ts';
import { toSeen, type Workspace } from './workspace.ts';

export interface ContainerEngineOptions {
  command: ContainerCommand;
  /** Our own, for what cleans up after us. */
  env: Readonly<Record<string, string | undefined>>;
  workspace: Workspace;
  /** Of this only the view counts: a container is its own wall. @default none */
  isolation?: Isolation | Promise<Isolation>;
  /** Of each step and service. */
  limits?: ContainerLimits;
  /** Globs of plugins that may have secrets by a tag. @default Woodpecker's own */
  plugins?: readonly string[] | undefined;
  /** From TERM to KILL. @default 10000 */
  graceMs?: number;
}

/**
 * Runs each step and service in a container of its image, with the job's folders at the places where we have them, in
 * one network of the job where a service has its own name, with bounded memory and processes and few rights.
 */
export function createContainerEngine(options: ContainerEngineOptions): Engine {
  const { command, workspace, limits = {}, graceMs = 10_000 } = options;
  const job = `bellows-${randomBytes(8).toString('hex')}`;
  const sweeper = createContainerSweeper(command.name, options.env, `bellows=${job}`, job);
  const meter = createContainerMeter();
  const names = new Map<PlannedStep, string>();
  const { tree, home } = workspace;
  const all: ContainerJob = { label: `bellows=${job}`, network: job, workspace, place: tree, home };
  let images: ReadonlyMap<string, string> = new Map();
  let holds: Holds = { memory: false, pids: false, cpu: false };
  let count = 0;

  /** TERM for all of it, a grace, KILL. */
  const end = async (name: string, isOver: () => boolean) => {
    await command.ask(['kill', '--signal', 'TERM', name]);
    // Process 1 has no usual answer to it, and its children are not told.
    if (!isOver()) await command.ask(['exec', name, '/bin/sh', '-c', 'kill -TERM -1']);
    for (const until = performance.now() + graceMs; !isOver() && performance.now() < until; ) await delay(20);
    if (!isOver()) await command.ask(['kill', name]);
  };

  const run = async (given: StepRun): Promise<StepEnd> => {
    const { step, write, signal } = given;
    count += 1;
    const name = `${job}-${count}`;
    names.set(step, name);
    const unheld = findUnheld(step, holds);
    if (unheld !== undefined) await write(Buffer.from(`${unheld}\n`));
    const image = images.get(step.image ?? '') ?? '';
    const made = await toContainerStart(given, name, image, toLimitArguments(step, limits, holds), all);
    if (made === undefined) {
      await write(Buffer.from(`There is no directory ${step.directory} in the workspace.\n`));
      return { exitCode: 1 };
    }
    signal.throwIfAborted();
    const usage = meter?.watch(made.idFile);
    const child = command.start(made.args, made.env);
    let said = '';
    child.stderr?.on('data', (part: Buffer) => {
      said = (said + part).slice(-4096);
    });
    // A script has one output; what comes by the other is the command line's own.
    const streams = step.commands.length > 0 ? [child.stdout] : [child.stdout, child.stderr];
    const output = streams.flatMap((stream) => (stream === null ? [] : [forward(stream, write)]));
    let isOver = false;
    const exit = untilExit(child).finally(() => {
      isOver = true;
    });
    const onAbort = () => void end(name, () => isOver);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const exitCode = await exit.catch((error: unknown) => {
        throw new EngineError('no container could be started', { cause: error });
      });
      const used = usage?.stop();
      await Promise.all(output.map(({ ended }) => ended));
      return { ...(await toEnd(name, exitCode, said)), ...used };
    } finally {
      usage?.stop();
      signal.removeEventListener('abort', onAbort);
      for (const { stop } of output) stop();
      await Promise.all(made.files.map((file) => rm(file, { force: true })));
      await command.ask(['rm', '--force', '--volumes', name]);
    }
  };

  /** What the container itself says: the command line's exit code may be its own. */
  const toEnd = async (name: string, exitCode: number, said: string): Promise<StepEnd> => {
    const format = '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}';
    const { stdout } = await command.ask(['inspect', '--format', format, name]);
    const [status = '', code, isOutOfMemory] = stdout.trim().split(' ');
    if (isOutOfMemory === 'true')
      throw new EngineError('out of memory: the container was ended by the kernel');
    // Its own say that nothing has run; above them is a signal.
    if (status !== 'exited' && exitCode >= 125 && exitCode <= 127)
      throw new EngineError(`no container could be started: ${toReason(said)}`);
    return { exitCode: status === 'exited' ? Number(code) : exitCode };
  };

  return {
    name: 'container',
    prepare: async ({ services, steps, workspace: wanted }) => {
      const isolation = await options.isolation;
      const seen = isolation === undefined ? workspace : toSeen(workspace, isolation);
      all.place = toPlace(wanted, seen.tree);
      all.home = seen.home;
      [images, holds] = await Promise.all([
        readyImages(command, [...services, ...steps], options.plugins),
        readHolds(command),
      ]);
      checkLimits(limits, holds, command.name);
      const made = await command.ask(['network', 'create', '--label', `bellows=${job}`, job]);
      if (made.exitCode !== 0) throw new EngineError(`no network could be made: ${toReason(made.stderr)}`);
    },
    run,
    answers: async (service, port) => {
      const name = names.get(service);
      if (name === undefined) return false;
      const tables = await command.ask(['exec', name, 'cat', '/proc/net/tcp', '/proc/net/tcp6']);
      // An image without `cat` cannot be asked: that it runs has to be enough. A kernel without IPv6 has one table.
      return tables.exitCode === 126 || tables.exitCode === 127 || isListening(tables.stdout, port);
    },
    close: () => sweeper.sweep(),
  };
}
