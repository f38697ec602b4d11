import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import type { Accepted } from '../../core/job/index.ts';
import { reportAccepted, type StartOptions } from '../accepted.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob } from '../find-job.ts';
import { withProgress } from '../progress.ts';

export function configureRetry(command: Command, context: Context): void {
  command
    .description(
      'Runs a job again, as a new job of the same commit. The old one stays as it is. With --failed, all jobs of its pipeline that did not succeed, in a new pipeline in which those that did stand as they are.',
    )
    .argument('<id>', 'its id, the beginning of it, or the address of its page')
    .option('--failed', 'what did not succeed of the whole pipeline; once for each pipeline')
    .option('-f, --follow', "then print the new job's log, and exit as it ends")
    .option('--json', "the api's answer, for scripts: answer, pipeline, jobs, page")
    .action((given: string, { failed, ...options }: StartOptions & { failed?: true }) =>
      withClient(context, async (client) => {
        if (failed === true) {
          const accepted = await withProgress(context, 'asking for another run', async () =>
            client.retryPipeline((await client.job(await findJob(client, given))).job.pipeline),
          );
          return reportRerun(context, client, accepted, options);
        }
        // The key makes a resend of this very request harmless; asking again is another retry.
        const accepted = await withProgress(context, 'asking for another run', async () =>
          client.retry(await findJob(client, given), randomUUID()),
        );
        await reportAccepted(context, client, accepted, options);
      }),
    );
  addExamples(
    command,
    { line: './bellows retry 3f2a91c0' },
    { line: './bellows retry 3f2a91c0 --follow' },
    { line: './bellows retry 3f2a91c0 --failed' },
  );
}

/** Of the new pipeline, the jobs that run again: the others are the ones that stand. */
async function reportRerun(
  context: Context,
  client: ApiClient,
  accepted: Accepted,
  options: StartOptions,
): Promise<void> {
  const all = await Promise.all(accepted.jobs.map(async (id) => (await client.job(id)).job));
  const again = all.filter(({ pipeline }) => pipeline === accepted.pipeline).map(({ id }) => id);
  if (accepted.answer === 'dup' && options.json !== true)
    context.stderr.write('This pipeline was run again already; this is what came of it.\n');
  await reportAccepted(
    context,
    client,
    options.json === true ? accepted : { ...accepted, jobs: again },
    options,
  );
}
