import type { Command } from 'commander';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

export function configureQueueCheck(command: Command, context: Context): void {
  command
    .summary('whether it agrees with its jobs, and mend it')
    .description(
      'Says what in the queue does not agree with its jobs, such as after a restored backup or an edited key, and mends it with --repair. It looks at every job, and nothing else is done meanwhile. Exit code 1 where something is wrong and was not mended.',
    )
    .option('--repair', 'make it agree again; prints what was mended')
    .option('--json', "the api's answer, for scripts: lines")
    .action((options: { repair?: true; json?: true }) =>
      withClient(context, async (client) => {
        const { lines } = await withProgress(context, 'looking at every job', () =>
          options.repair === true ? client.repairQueue() : client.auditQueue(),
        );
        const terminal = toTerminal(context.env, context.stdout);
        if (options.json === true) context.stdout.write(toJson({ lines }));
        else if (lines.length === 0) context.stderr.write('All is well.\n');
        else for (const line of lines) context.stdout.write(`${toText(line, terminal)}\n`);
        if (lines.length > 0 && options.repair !== true)
          throw new CommandError(
            exitCodes.failure,
            `${lines.length} things are wrong: ./bellows queue check --repair mends what can be`,
          );
      }),
    );
  addExamples(command, { line: './bellows queue check' }, { line: './bellows queue check --repair' });
}
