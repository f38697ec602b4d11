import type { Command } from 'commander';
import { isFinal } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob, toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';

export function configureCancel(command: Command, context: Context): void {
  command
    .description(
      'Stops a job. One that waits ends at once; of one that runs, the agent is told to stop its steps, and it ends when they have.',
    )
    .argument('<id>', 'its id, the beginning of it, or the address of its page')
    .option('--json', "the api's answer, for scripts: job, event")
    .action(async (given: string, options: { json?: true }) => {
      const answer = await withClient(context, (client) =>
        withProgress(context, 'cancelling', async () => client.cancel(await findJob(client, given))),
      );
      const { id, state } = answer.job;
      if (options.json === true) context.stdout.write(toJson(answer));
      else
        context.stdout.write(
          isFinal(state)
            ? `Job ${toShortId(id)} has ended: ${state}.\n`
            : `Job ${toShortId(id)} was told to stop. ./bellows job ${toShortId(id)} shows when it has.\n`,
        );
    });
  addExamples(command, { line: './bellows cancel 3f2a91c0' });
}
