import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PlannedStep } from '../pipeline/index.ts';
import type { ContainerCommand } from './container-command.ts';
import { createContainerSweeper } from './container-sweeper.ts';
import { CannotRunError, type Engine, EngineError, type StepEnd, type StepRun } from './engine.ts';
import { forward } from './forward.ts';
import { isListening } from './listening.ts';
import { untilExit } from './process-group.ts';
import { toCarrier, toScript } from './script.ts';
import { findDirectory, type Workspace } from './workspace.ts';

export interface ContainerEngineOptions {
  command: ContainerCommand;
  /** Our own, for what cleans up after us. */
  env: Readonly<Record<string, string | undefined>>;
  workspace: Workspace;
  /** From TERM to KILL. @default 10000 */
  graceMs?: number;
}

const imagePattern = /^[A-Za-z0-9][\w./:@-]{0,500}$/;

/**
 * Runs each step and service in a container of its image, with the job's folders at the places where we have them, in
 * one network of the job where a service has its own name. Values never stand in an argument.
 */
export function createContainerEngine(options: ContainerEngineOptions): Engine {
  const { command, workspace, graceMs = 10_000 } = options;
  const job = `bellows-${randomBytes(8).toString('hex')}`;
  const sweeper = createContainerSweeper(command.name, options.env, `bellows=${job}`, job);
  const names = new Map<PlannedStep, string>();
  let count = 0;

  const pull = async (image: string, always: boolean) => {
    if (!always && (await command.ask(['image', 'inspect', image])).exitCode === 0) return;
    const pulled = await command.ask(['pull', '--quiet', image], 30 * 60_000);
    if (pulled.exitCode !== 0)
      throw new EngineError(`the image ${image} cannot be had: ${toReason(pulled.stderr)}`);
  };

  const toArguments = async (given: StepRun, name: string) => {
    const { step, variables, secrets = [] } = given;
    const { tree, home, scripts } = workspace;
    const cwd = await findDirectory(tree, step.directory);
    if (cwd === undefined) return undefined;
    const args = ['run', '--name', name, '--label', `bellows=${job}`, '--pull', 'never'];
    args.push('--network', job, '--network-alias', toAlias(step.name), '--workdir', cwd);
    args.push('--volume', `${tree}:${tree}`, '--volume', `${home}:${home}`);
    // Ours, so that no name of the author's comes into the environment of a program that is not in the container.
    const own: Record<string, string> = { ...variables };
    const { image = '', commands, entrypoint } = step;
    if (commands.length > 0) {
      const file = join(scripts, `${name}.sh`);
      await writeFile(file, toScript(step), { mode: 0o644, flag: 'wx' });
      for (const [i, value] of secrets.entries()) own[toCarrier(i)] = value;
      own.HOME = home;
      args.push('--volume', `${file}:${file}:ro`, '--entrypoint', '/bin/sh', ...toNames(own));
      return { args: [...args, image, '-e', file], env: own, files: [] };
    }
    const asked = { ...step.environment };
    for (const [i, { variable }] of (step.secrets ?? []).entries()) asked[variable] = secrets[i] ?? '';
    const file = join(scripts, `${name}.env`);
    const lines = Object.entries(asked).filter(
      ([variable, value]) => !isSafe(variable) && !value.includes('\n'),
    );
    for (const [variable, value] of Object.entries(asked)) if (isSafe(variable)) own[variable] = value;
    const lost = Object.keys(asked).find((variable) => !isSafe(variable) && asked[variable]?.includes('\n'));
    if (lost !== undefined)
      throw new CannotRunError(
        `${lost} of step ${JSON.stringify(step.name)} has several lines: only PLUGIN_* may`,
      );
    await writeFile(file, lines.map(([variable, value]) => `${variable}=${value}\n`).join(''), {
      mode: 0o600,
      flag: 'wx',
    });
    const [program, ...rest] = entrypoint ?? [];
    args.push(
      '--env-file',
      file,
      ...toNames(own),
      ...(program === undefined ? [] : ['--entrypoint', program]),
    );
    return { args: [...args, image, ...rest], env: own, files: [file] };
  };

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
    const made = await toArguments(given, name);
    if (made === undefined) {
      await write(Buffer.from(`There is no directory ${step.directory} in the workspace.\n`));
      return { exitCode: 1 };
    }
    signal.throwIfAborted();
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
      await Promise.all(output.map(({ ended }) => ended));
      return await toEnd(name, exitCode, said);
    } finally {
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
    prepare: async ({ services, steps }) => {
      const all = [...services, ...steps];
      for (const { name, image = '' } of all)
        if (!imagePattern.test(image))
          throw new CannotRunError(
            `${JSON.stringify(name)} names no image to run in: ${JSON.stringify(image)}`,
          );
      const images = new Map<string, boolean>();
      for (const { image = '', pull: always } of all) images.set(image, always || images.get(image) === true);
      await Promise.all([...images].map(([image, always]) => pull(image, always)));
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

/** By such names nothing but our own programs in containers is told anything. */
function isSafe(variable: string): boolean {
  return /^(?:PLUGIN|CI)_\w+$/.test(variable);
}

function toNames(variables: Readonly<Record<string, string>>): string[] {
  return Object.keys(variables).flatMap((variable) => ['--env', variable]);
}

/** As a host name (RFC 1123). */
function toAlias(name: string): string {
  const alias = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return alias.slice(0, 63) || 'step';
}

/** The last line that says something. */
function toReason(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.slice(0, 300) ?? 'it did not say why';
}
