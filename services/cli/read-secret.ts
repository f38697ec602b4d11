import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Context } from './context.ts';
import { CommandError, exitCodes } from './failure.ts';

/** What may be typed or piped; the api says how much it takes. */
const mostBytes = 1024 * 1024;

/** A secret from the standard input: typed unseen at a terminal, else all that comes. */
export async function readSecret(context: Context, prompt: string): Promise<Buffer> {
  const value = context.stdin.isTTY === true ? await ask(context, prompt) : await readAll(context.stdin);
  if (value.length === 0)
    throw new CommandError(exitCodes.usage, 'the value is empty: type it, or pipe it to the standard input');
  return value;
}

/** readline edits the line, and what it would show goes nowhere. */
async function ask({ stdin, stderr }: Context, prompt: string): Promise<Buffer> {
  stderr.write(prompt);
  const unseen = new Writable({ write: (_part, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: unseen, terminal: true });
  const stopped = new AbortController();
  lines.once('SIGINT', () => stopped.abort());
  try {
    return Buffer.from(await lines.question('', { signal: stopped.signal }));
  } catch (cause) {
    throw new CommandError(exitCodes.undecided, 'stopped: nothing was set', { cause });
  } finally {
    lines.close();
    stderr.write('\n');
  }
}

/** The line break of `echo` is not meant; those of a key with many lines are. */
async function readAll(stdin: NodeJS.ReadableStream): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of stdin) {
    parts.push(Buffer.from(part));
    size += part.length;
    if (size > mostBytes) throw new CommandError(exitCodes.usage, 'the value is larger than 1 MiB');
  }
  const all = Buffer.concat(parts);
  const first = all.indexOf('\n');
  if (first < 0 || first < all.length - 1) return all;
  return all.subarray(0, all[first - 1] === 13 ? first - 1 : first);
}
