import type { Command } from 'commander';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findRepository } from '../find-repository.ts';
import { toJson } from '../json.ts';
import { printRepository, toRepositoryTable } from '../repository-table.ts';
import { toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';
import { configureAdd, configureSet, repositoryFields } from './repo-settings.ts';

const repositoryArgument = ['<repository>', 'its id, owner/name, or name'] as const;
const json = "the api's answer, for scripts";

export function configureRepo(command: Command, context: Context): void {
  command.description(
    'Repositories are registered things: a webhook of one that is not here is refused. An id is <forge>/<owner>/<name>; forges are local, gitea and github. What you push to the local remote registers itself.',
  );
  configureList(command.command('list'), context);
  configureShow(command.command('show'), context);
  configureAdd(command.command('add'), context);
  configureSet(command.command('set'), context);
  configureHook(command.command('hook'), context);
  configureRemove(command.command('remove'), context);
  addExamples(
    command,
    { line: './bellows repo list' },
    { line: './bellows repo add gitea/me/app --time-limit 30m' },
    { line: './bellows repo set me/app --default-branch trunk' },
  );
}

function configureList(command: Command, context: Context): void {
  command
    .summary('list them')
    .description('Lists the registered repositories.')
    .option('--json', `${json}: repositories`)
    .action(async (options: { json?: true }) => {
      const answer = await withClient(context, (client) => client.repositories());
      if (options.json === true) context.stdout.write(toJson(answer));
      else if (answer.repositories.length === 0) context.stderr.write('No repositories.\n');
      else context.stdout.write(toRepositoryTable(context, answer.repositories));
    });
  addExamples(
    command,
    { line: './bellows repo list' },
    { line: './bellows repo list --json | jq -r ".repositories[].id"' },
  );
}

function configureShow(command: Command, context: Context): void {
  command
    .summary('show one')
    .description('Shows the settings of one repository.')
    .argument(...repositoryArgument)
    .option('--json', `${json}: ${repositoryFields}`)
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) =>
        printRepository(context, await client.repository(await findRepository(client, given)), options),
      ),
    );
  addExamples(command, { line: './bellows repo show me/app' });
}

function configureHook(command: Command, context: Context): void {
  command
    .summary('make or renew its webhook')
    .description(
      'Makes the webhook of one repository, or renews its secret, and prints both this once, and the events that are heard. The secret before stays good until the next renewal, so nothing is lost while you change it at the forge.',
    )
    .argument(...repositoryArgument)
    .option('--json', `${json}: url, secret, events`)
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) => {
        const hook = await client.renewHook(await findRepository(client, given));
        if (options.json === true) context.stdout.write(toJson(hook));
        else {
          context.stdout.write(`url     ${hook.url}\nsecret  ${hook.secret}\n`);
          context.stderr.write(
            `Enter both at the forge as a webhook: content type application/json, and of these events those you want built: ${hook.events.join(', ')}. The secret is not shown again.\n`,
          );
        }
      }),
    );
  addExamples(command, { line: './bellows repo hook gitea/me/app' });
}

function configureRemove(command: Command, context: Context): void {
  command
    .summary('forget one')
    .description('Forgets a repository: its webhooks are refused from now on. Its jobs and their logs stay.')
    .argument(...repositoryArgument)
    .action((given: string) =>
      withClient(context, async (client) => {
        const id = await findRepository(client, given);
        await client.removeRepository(id);
        context.stdout.write(`Removed ${toText(id, toTerminal(context.env, context.stdout))}.\n`);
      }),
    );
  addExamples(command, { line: './bellows repo remove gitea/me/app' });
}
