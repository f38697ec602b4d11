import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The command line of Docker or Podman: of both, what is the same. */
export interface ContainerCommand {
  /** `docker`, or where it is. */
  readonly name: string;
  /** Runs to its end; never rejects. */
  ask(
    args: readonly string[],
    timeoutMs?: number,
  ): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** @param env values of variables that the arguments only name */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess;
}

const mostOutput = 1 << 20;

/**
 * @param name a command, or a path
 * @param env our own: where its daemon is, who we are
 */
export function createContainerCommand(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): ContainerCommand {
  return {
    name,
    ask: (args, timeoutMs = 60_000) =>
      new Promise((resolve) => {
        const options = { env, timeout: timeoutMs, maxBuffer: mostOutput, cwd: '/' };
        execFile(name, [...args], options, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
          resolve({ exitCode: code, stdout, stderr });
        });
      }),
    start: (args, own = {}) =>
      spawn(name, [...args], {
        env: { ...env, ...own },
        cwd: '/',
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
  };
}

const answersWithinMs = 5000;

/** The first of Docker and Podman that is there and can run something; undefined where neither does. */
export async function findContainerCommand(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ContainerCommand | undefined> {
  for (const name of ['docker', 'podman']) {
    const file = path
      .split(':')
      .map((folder) => join(folder, name))
      .find((each) => existsSync(each));
    if (file === undefined) continue;
    const command = createContainerCommand(file, env);
    // Of Docker only a daemon knows; Podman has none.
    if ((await command.ask(['info'], answersWithinMs)).exitCode === 0) return command;
  }
  return undefined;
}
