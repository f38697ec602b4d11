import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { reportAccepted, type StartOptions } from '../accepted.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob } from '../find-job.ts';
import { withProgress } from '../progress.ts';

export function configureRetry(command: Command, context: Context): void {
  command
    .description('Runs a job again, as a new job of the same commit. The old one stays as it is.')
    .argument('<id>', 'its id, the beginning of it, or the address of its page')
    .option('-f, --follow', "then print the new job's log, and exit as it ends")
    .option('--json', "the api's answer, for scripts: answer, pipeline, jobs, page")
    .action((given: string, options: StartOptions) =>
      withClient(context, async (client) => {
        // The key makes a resend of this very request harmless; asking again is another retry.
        const accepted = await withProgress(context, 'asking for another run', async () =>
          client.retry(await findJob(client, given), randomUUID()),
        );
        await reportAccepted(context, client, accepted, options);
      }),
    );
  addExamples(command, { line: './bellows retry 3f2a91c0' }, { line: './bellows retry 3f2a91c0 --follow' });
}
