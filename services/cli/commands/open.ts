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
      'Prints an address that opens a page in a browser: of one job, of the newest jobs, or of the api. It works once, within 5 minutes, and signs that browser in, to look only. Who is no admin gets the address alone, and signs in there.',
    )
    .argument('[id]', 'its id, the beginning of it, or the address of its page; without, the newest jobs')
    .option('--api', 'the page that lists what the api can be asked, and asks it')
    .option('--json', "the api's answer, for scripts: url")
    .action(async (given: string | undefined, options: { api?: true; json?: true }) => {
      const answer = await withClient(context, (client, address) =>
        withProgress(context, 'asking for an address', async () => {
          const path = await toPath(client, given, options.api === true);
          return client.pageCode(path).catch(toPlain(new URL(path, address.api).href));
        }),
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

/** Codes are an admin's to give; others open the page itself, which asks them to sign in. */
function toPlain(url: string) {
  return (error: unknown) => {
    if (error instanceof Error && 'status' in error && error.status === 403) return { url };
    throw error;
  };
}
