import type { Command } from 'commander';
import type { JobAnswer } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob, toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';

export function configureRequeue(command: Command, context: Context): void {
  command
    .description(
      'Puts jobs that were given up back into the queue, with all their tries. ./bellows dead lists them.',
    )
    .argument('<id...>', 'their ids, the beginnings of them, or the addresses of their pages')
    .option('--json', "the api's answers, for scripts: one a line: job, event")
    .action((given: string[], { json }: { json?: true }) =>
      withClient(context, async (client) => {
        for (const each of given) {
          const answer: JobAnswer = await withProgress(context, 'requeueing', async () =>
            client.requeue(await findJob(client, each)),
          );
          const { id, state } = answer.job;
          context.stdout.write(json === true ? toJson(answer) : `Job ${toShortId(id)} is ${state} again.\n`);
        }
      }),
    );
  addExamples(command, { line: './bellows requeue 3f2a91c0' });
}
