import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A program that was needed did not do what it should. */
export class RunError extends Error {
  override name = 'RunError';
}

/**
 * Runs a program in a folder, its output on ours.
 *
 * @throws RunError with what to do
 */
export async function run(
  folder: string,
  command: string,
  args: readonly string[],
  remedy: string,
): Promise<void> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = await exitOf(child, command);
  if (code !== 0) throw new RunError(`${[command, ...args].join(' ')} failed in ${folder}; ${remedy}`);
}

/** What a program prints, without the space around it; undefined where it fails. */
export async function read(
  folder: string,
  command: string,
  args: readonly string[],
): Promise<string | undefined> {
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  const [code] = await exitOf(child, command);
  return code === 0 ? Buffer.concat(parts).toString().trim() : undefined;
}

async function exitOf(child: ReturnType<typeof spawn>, command: string): Promise<[number | null]> {
  try {
    return (await once(child, 'close')) as [number | null];
  } catch (cause) {
    throw new RunError(`${command} cannot be run; install it, then run this again`, { cause });
  }
}
