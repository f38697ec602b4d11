import { Command, CommanderError, InvalidArgumentError } from 'commander';

export interface DemoOptions {
  json: boolean;
  runs: number;
  keep: boolean;
}

/** `--help` was asked for, or an argument is wrong: what to print, and the exit code. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export function parseOptions(args: readonly string[]): DemoOptions {
  let printed = '';
  const print = (text: string) => {
    printed += text;
  };
  const command = new Command('bellows demo')
    .description(
      'Starts a Bellows in a scratch folder, works with it, kills its parts on purpose, and shows in one table what must be true and what was seen. Touches nothing of yours and leaves nothing behind.',
    )
    .option('--runs <n>', 'how many pushes are timed', toRuns, 10)
    .option('--json', 'print the same as data', false)
    .option('--keep', 'leave the scratch folder, with its logs, and say where it is', false)
    .addHelpText(
      'after',
      '\nExit code: 0 when all of it was true, 1 when not, 2 for a wrong argument.\n\nExamples:\n  ./bellows demo\n  ./bellows demo --runs 50\n  ./bellows demo --json | jq .times.line.p50',
    )
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: print })
    .allowExcessArguments(false);
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError)
      throw new UsageError(printed.trimEnd(), error.exitCode === 0 ? 0 : 2);
    throw error;
  }
  return command.opts<DemoOptions>();
}

function toRuns(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new InvalidArgumentError('Expected a whole number, 1 to 999.');
  return Number(text);
}
