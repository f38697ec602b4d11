import { type Context, isProgramName } from './context.ts';
import { exitCodes, toFailure } from './failure.ts';

/**
 * Runs one command line.
 *
 * @param given what stands after the program's name.
 * @returns the exit code; everything that is to be said has been said.
 */
export async function runCommandLine(given: readonly string[], context: Context): Promise<number> {
  const words = given[0] === 'help' ? [...given.slice(1), '--help'] : given;
  const [name = '--help', ...rest] = words;
  try {
    if (isProgramName(name)) context.become(name, rest);
    else await runCommand(name, [name, ...rest], context);
    return exitCodes.success;
  } catch (error) {
    const { line, exitCode } = await toFailure(error);
    if (line !== '') context.stderr.write(`${line}\n`);
    return exitCode;
  }
}

async function runCommand(name: string, words: readonly string[], context: Context): Promise<void> {
  const { createProgram } = await import('./program.ts');
  const program = await createProgram(context, name);
  await program.parseAsync(words, { from: 'user' });
}
