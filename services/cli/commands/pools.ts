import type { Command } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

export function configurePools(command: Command, context: Context): void {
  command
    .description(
      'Lists the pools that ever had a job: how many wait and run, and for how long the oldest waits.',
    )
    .option('--json', "the api's answer, for scripts: pools")
    .action(async (options: { json?: true }) => {
      const answer = await withClient(context, (client) =>
        withProgress(context, 'asking for the pools', () => client.pools()),
      );
      const now = context.now();
      if (options.json === true) context.stdout.write(toJson(answer));
      else if (answer.pools.length === 0) context.stderr.write('No pool had a job yet.\n');
      else {
        const columns = ['POOL', 'QUEUED', 'RUNNING', 'OLDEST'].map((title) => ({ title }));
        const rows = answer.pools.map(({ pool, queued, running, oldest }) => [
          pool,
          String(queued),
          String(running),
          oldest === undefined ? '' : formatAge(now - oldest),
        ]);
        context.stdout.write(toTable(columns, rows, toTerminal(context.env, context.stdout)));
      }
    });
  addExamples(command, { line: './bellows pools' });
}
