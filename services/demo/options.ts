import { Command } from 'commander';
import { parseWords, toCount } from '../core/command/index.ts';

export interface DemoOptions {
  json: boolean;
  runs: number;
  keep: boolean;
}

export function parseOptions(args: readonly string[]): DemoOptions {
  const command = new Command('bellows demo')
    .description(
      'Starts a Bellows in a scratch folder, works with it, kills its parts on purpose, and shows in one table what must be true and what was seen. Touches nothing of yours and leaves nothing behind.',
    )
    .option('--runs <n>', 'how many pushes are timed', toCount(999), 10)
    .option('--json', 'print the same as data', false)
    .option('--keep', 'leave the scratch folder, with its logs, and say where it is', false)
    .addHelpText(
      'after',
      '\nExit code: 0 when all of it was true, 1 when not, 2 for a wrong argument.\n\nExamples:\n  ./bellows demo\n  ./bellows demo --runs 50\n  ./bellows demo --json | jq .times.line.p50',
    );
  parseWords(command, args);
  return command.opts<DemoOptions>();
}
