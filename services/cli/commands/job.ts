import type { Command } from 'commander';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob } from '../find-job.ts';
import { toJobLines } from '../job-lines.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTerminal } from '../terminal.ts';

export function configureJob(command: Command, context: Context): void {
  command
    .description(
      'Shows one job: what it is of, what became of it and why, its steps, and what its agent measured.',
    )
    .argument('[id]', 'its id, the beginning of it, or the address of its page; without, the newest job')
    .option('--json', "the api's answer, for scripts: job, event, result")
    .action(async (given: string | undefined, options: { json?: true }) => {
      const answer = await withClient(context, (client) =>
        withProgress(context, 'asking for the job', async () => client.job(await findJob(client, given))),
      );
      const terminal = toTerminal(context.env, context.stdout);
      context.stdout.write(
        options.json === true ? toJson(answer) : toJobLines(answer, context.now(), terminal),
      );
    });
  addExamples(
    command,
    { line: './bellows job', does: 'the newest' },
    { line: './bellows job 3f2a91c0' },
    { line: './bellows job 3f2a91c0 --json | jq -r .job.state' },
  );
}
