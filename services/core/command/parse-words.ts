import { type Command, CommanderError, InvalidArgumentError } from 'commander';
import { UsageError } from './usage-error.ts';

/**
 * Parses a command's words, which then has its options and arguments. Nothing is printed and no process ends.
 *
 * @throws UsageError with what commander would have printed
 */
export function parseWords(command: Command, words: readonly string[]): void {
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  command.exitOverride().configureOutput({ writeOut: print, writeErr: print }).allowExcessArguments(false);
  try {
    command.parse([...words], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      throw new UsageError(printed.trimEnd(), error.exitCode === 0 ? 0 : 2);
    throw error;
  }
}

/** For an option that counts: a whole number from 1 to `most`. */
export function toCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^[1-9]\d{0,5}$/.test(text) || count > most)
      throw new InvalidArgumentError(`Expected a whole number, 1 to ${most}.`);
    return count;
  };
}
