import type { Command } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { findJob, toShortId } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

interface Decision {
  description: string;
  doing: string;
  /** As in "Approved 2 jobs". */
  done: string;
  decide(client: ApiClient, pipeline: string, sha: string): Promise<{ jobs: number; about: string }>;
}

const approval: Decision = {
  description:
    'Lets the jobs of a pipeline run that await approval. The approval is for the commit of the job that is named, and no other.',
  doing: 'approving',
  done: 'Approved',
  decide: (client, pipeline, sha) => client.approve(pipeline, sha),
};

const refusal: Decision = {
  description:
    'Lets the jobs of a pipeline go that await approval: they end as skipped, and never run. It is for the commit of the job that is named, and no other.',
  doing: 'skipping',
  done: 'Skipped',
  decide: (client, pipeline, sha) => client.skip(pipeline, sha),
};

export function configureApprove(command: Command, context: Context): void {
  configure(command, context, approval);
  addExamples(command, { line: './bellows approve 3f2a91c0' });
}

export function configureSkip(command: Command, context: Context): void {
  configure(command, context, refusal);
  addExamples(command, { line: './bellows skip 3f2a91c0' });
}

function configure(command: Command, context: Context, { description, doing, done, decide }: Decision): void {
  command
    .description(description)
    .argument('<id>', 'a job of the pipeline: its id, the beginning of it, or the address of its page')
    .option('--sha <commit>', 'only if this is its commit, or begins its id')
    .option('--json', "the api's answer, for scripts: jobs, about")
    .action((given: string, { sha: wanted = '', json }: { sha?: string; json?: true }) =>
      withClient(context, async (client) => {
        const { job } = await client.job(await findJob(client, given));
        const { sha } = job.spec;
        if (!sha.startsWith(wanted))
          throw new CommandError(
            exitCodes.failure,
            `job ${toShortId(job.id)} is of commit ${sha}, not of ${wanted}`,
          );
        const answer = await withProgress(context, doing, () => decide(client, job.pipeline, sha));
        const terminal = toTerminal(context.env, context.stdout);
        const jobs = answer.jobs === 1 ? '1 job' : `${answer.jobs} jobs`;
        context.stdout.write(
          json === true ? toJson(answer) : `${done} ${jobs}: ${toText(answer.about, terminal)}.\n`,
        );
      }),
    );
}
