import type { Command } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findJob } from '../find-job.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';

export function configureOpen(command: Command, context: Context): void {
  command
    .description(
      'Prints an address that opens a page in a browser: of one job, of the newest jobs, or of the api. It works once, within 5 minutes, and signs that browser in; a page can only look.',
    )
    .argument('[id]', 'its id, the beginning of it, or the address of its page; without, the newest jobs')
    .option('--api', 'the page that lists what the api can be asked, and asks it')
    .option('--json', "the api's answer, for scripts: url")
    .action(async (given: string | undefined, options: { api?: true; json?: true }) => {
      const answer = await withClient(context, (client) =>
        withProgress(context, 'asking for an address', async () =>
          client.pageCode(await toPath(client, given, options.api === true)),
        ),
      );
      context.stdout.write(options.json === true ? toJson(answer) : `${answer.url}\n`);
    });
  addExamples(
    command,
    { line: './bellows open', does: 'the newest jobs' },
    { line: './bellows open --api', does: 'every route, and a form to try it' },
    { line: 'xdg-open "$(./bellows open 3f2a91c0)"', does: 'macOS: open' },
  );
}

async function toPath(client: ApiClient, given: string | undefined, api: boolean): Promise<string> {
  if (api) return '/api/v1/docs';
  return given === undefined ? '/' : `/jobs/${await findJob(client, given)}`;
}
