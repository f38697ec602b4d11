import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../../../services/cli/command-line.ts';
import type { Context, Output, ProgramName } from '../../../services/cli/context.ts';

export interface CliOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** What is piped in. @default nothing */
  stdin?: NodeJS.ReadableStream;
  /** The width of the terminal that both outputs are. @default no terminal */
  columns?: number;
  now?: number;
  interrupted?: AbortSignal;
  /** Called with everything that was printed so far. */
  onOutput?: (printed: string) => void;
}

export interface CliResult {
  code: number;
  stdout: string;
  bytes: Buffer;
  stderr: string;
  became: [ProgramName, readonly string[]] | undefined;
}

/** Runs one command line in this process. */
export async function runCli(words: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const stdout = createOutput(options.columns, options.onOutput);
  const stderr = createOutput(options.columns);
  let became: CliResult['became'];
  const context: Context = {
    env: options.env ?? {},
    cwd: options.cwd ?? '/',
    version: '1.2.3',
    stdin: options.stdin ?? Readable.from([]),
    stdout: stdout.output,
    stderr: stderr.output,
    now: () => options.now ?? Date.now(),
    become: (program, args) => {
      became = [program, args];
    },
    untilInterrupted: async () => options.interrupted ?? new AbortController().signal,
  };
  const code = await runCommandLine(words, context);
  const bytes = stdout.read();
  return { code, bytes, stdout: bytes.toString(), stderr: stderr.read().toString(), became };
}

export function createOutput(columns?: number, onOutput?: (printed: string) => void) {
  const parts: Buffer[] = [];
  const read = () => Buffer.concat(parts);
  const output: Output = new Writable({
    write: (part: Buffer, _encoding, done) => {
      parts.push(Buffer.from(part));
      onOutput?.(read().toString());
      done();
    },
  });
  if (columns !== undefined) Object.assign(output, { isTTY: true, columns });
  return { output, read };
}
