import { toDisplay } from '../core/display/index.ts';

/** What the exit code of every command says. */
export const exitCodes = {
  success: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  undecided: 4,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeMeanings: readonly (readonly [code: ExitCode, meaning: string])[] = [
  [exitCodes.success, 'done; a followed job ended with success or was skipped'],
  [exitCodes.failure, 'refused or not possible; a followed job ended with failure or timeout'],
  [exitCodes.usage, 'the command line is wrong'],
  [exitCodes.unreachable, 'no Bellows found, or it does not answer'],
  [exitCodes.undecided, 'a followed job was cancelled, or is dead: nothing is known of the commit'],
];

/** The end of a command that did not do what was asked: one line for a person, and an exit code. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly exitCode: ExitCode;
  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** One line, empty where all has been said, and the exit code, for whatever a command threw. */
export async function toFailure(error: unknown): Promise<{ line: string; exitCode: ExitCode }> {
  const { CommanderError } = await import('commander');
  if (error instanceof CommanderError)
    return { line: '', exitCode: error.exitCode === 0 ? exitCodes.success : exitCodes.usage };
  const { message, exitCode } = await explain(error);
  return { line: `bellows: ${toDisplay(message.trim().replace(/\s*\n\s*/g, '; '))}`, exitCode };
}

async function explain(error: unknown): Promise<{ message: string; exitCode: ExitCode }> {
  if (error instanceof CommandError) return error;
  const { AddressError, ApiError, UnreachableError } = await import('../core/client/index.ts');
  if (error instanceof AddressError) return { message: error.message, exitCode: exitCodes.unreachable };
  if (error instanceof UnreachableError)
    return {
      message: `${error.message}. Is it running? Start it with ./bellows up`,
      exitCode: exitCodes.unreachable,
    };
  if (error instanceof ApiError) return { message: toAdvice(error), exitCode: exitCodes.failure };
  const { z } = await import('zod');
  if (error instanceof z.ZodError)
    return {
      message: `the api's answer was not understood (is it of another version?): ${z.prettifyError(error)}`,
      exitCode: exitCodes.failure,
    };
  return { message: error instanceof Error ? error.message : String(error), exitCode: exitCodes.failure };
}

function toAdvice({ status, message }: { status: number; message: string }): string {
  const sentence = message.replace(/\.?$/, '.');
  if (status === 401)
    return `${sentence} The token is not accepted: run ./bellows up anew, sign in with ./bellows login, or set BELLOWS_TOKEN`;
  if (status === 429 || status === 503) return `${sentence} Try again in a moment`;
  return message;
}
