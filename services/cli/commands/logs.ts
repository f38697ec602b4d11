import type { Command } from 'commander';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob, toShortId } from '../find-job.ts';
import { followLog } from '../follow-log.ts';
import { createLogOutput } from '../log-output.ts';
import { withProgress } from '../progress.ts';
import { toTerminal } from '../terminal.ts';

export function configureLogs(command: Command, context: Context): void {
  command
    .description(
      "Prints a job's log. A pipe or file gets the exact bytes that the steps wrote (with --follow, as UTF-8 text); on a terminal, nothing in a log can control it.",
    )
    .argument('[id]', 'its id, the beginning of it, or the address of its page; without, the newest job')
    .option('-f, --follow', 'go on until the job has ended, and exit as it ended')
    .action((given: string | undefined, options: { follow?: true }) =>
      withClient(context, async (client) => {
        const id = await withProgress(context, 'looking for the job', () => findJob(client, given));
        if (options.follow === true) return followLog(context, client, id);
        const output = createLogOutput(context.stdout, toTerminal(context.env, context.stdout));
        let empty = true;
        for await (const part of await client.logBytes(id)) {
          empty = false;
          await output.write(part);
        }
        await output.end();
        if (!empty) return;
        const { job } = await client.job(id);
        context.stderr.write(`Job ${toShortId(id)} has no log: it is ${job.state}.\n`);
      }),
    );
  addExamples(
    command,
    { line: './bellows logs -f', does: 'the newest job, live' },
    { line: './bellows logs 3f2a91c0 > job.log' },
    { line: './bellows logs -f 3f2a91c0 && ./deploy', does: 'only after success' },
  );
}
