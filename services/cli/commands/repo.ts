import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import { formatDuration } from '../../core/display/index.ts';
import {
  nameSchema,
  type Repository,
  type RepositoryPatch,
  repositoryIdSchema,
  repositorySchema,
} from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { parseDuration } from '../duration.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { findRepository } from '../find-repository.ts';
import { toJson } from '../json.ts';
import { toTable, toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

interface Settings {
  defaultBranch?: string;
  pool?: string;
  timeLimit?: number;
  json?: true;
}

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
    .option('--json', `${json}: id, forge, name, defaultBranch, pool, timeLimitMs`)
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) =>
        print(context, await client.repository(await findRepository(client, given)), options),
      ),
    );
  addExamples(command, { line: './bellows repo show me/app' });
}

function configureAdd(command: Command, context: Context): void {
  addSettings(command, 'main', 'default', '1h')
    .summary('register one')
    .description('Registers a repository of a forge, so that its webhooks are accepted.')
    .argument('<id>', '<forge>/<owner>/<name>, as the forge spells it', parseId)
    .action((id: string, settings: Settings) =>
      withClient(context, async (client) => {
        await refuseKnown(client, id);
        const [forge = '', ...name] = id.split('/');
        const repository = repositorySchema.parse({
          id,
          forge,
          name: name.join('/'),
          defaultBranch: settings.defaultBranch ?? 'main',
          pool: settings.pool ?? 'default',
          timeLimitMs: settings.timeLimit ?? 3_600_000,
        });
        print(context, await client.putRepository(repository), settings);
        if (forge !== 'local' && settings.json !== true)
          context.stderr.write(`Next: ./bellows repo hook ${id} prints what its forge must know.\n`);
      }),
    );
  addExamples(
    command,
    { line: './bellows repo add gitea/me/app' },
    { line: './bellows repo add github/acme/site --default-branch trunk --time-limit 20m' },
  );
}

function configureSet(command: Command, context: Context): void {
  addSettings(command)
    .summary('change settings')
    .description('Changes settings of a repository, for jobs that start from now on.')
    .argument(...repositoryArgument)
    .action((given: string, settings: Settings) =>
      withClient(context, async (client) => {
        const patch: RepositoryPatch = {
          ...(settings.defaultBranch === undefined ? {} : { defaultBranch: settings.defaultBranch }),
          ...(settings.pool === undefined ? {} : { pool: settings.pool }),
          ...(settings.timeLimit === undefined ? {} : { timeLimitMs: settings.timeLimit }),
        };
        if (Object.keys(patch).length === 0)
          throw new CommandError(
            exitCodes.usage,
            'nothing to set: give at least one of --default-branch, --pool, --time-limit',
          );
        print(context, await client.patchRepository(await findRepository(client, given), patch), settings);
      }),
    );
  addExamples(command, { line: './bellows repo set me/app --time-limit 1h30m' });
}

function configureHook(command: Command, context: Context): void {
  command
    .summary('make or renew its webhook')
    .description(
      'Makes the webhook of one repository, or renews its secret, and prints both this once. The secret before stays good until the next renewal, so nothing is lost while you change it at the forge.',
    )
    .argument(...repositoryArgument)
    .option('--json', `${json}: url, secret`)
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) => {
        const hook = await client.renewHook(await findRepository(client, given));
        if (options.json === true) context.stdout.write(toJson(hook));
        else {
          context.stdout.write(`url     ${hook.url}\nsecret  ${hook.secret}\n`);
          context.stderr.write(
            'Enter both at the forge as a webhook: content type application/json, all events you want built. The secret is not shown again.\n',
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

function addSettings(command: Command, branch?: string, pool?: string, limit?: string): Command {
  const or = (value: string | undefined) => (value === undefined ? '' : ` (default: ${value})`);
  return command
    .option('--default-branch <name>', `where work comes together${or(branch)}`, parseBranch)
    .option('--pool <name>', `the pool whose agents run its jobs${or(pool)}`, parsePool)
    .option('--time-limit <duration>', `for each job, such as 90s, 30m, 1h30m${or(limit)}`, parseLimit)
    .option('--json', `${json}: id, forge, name, defaultBranch, pool, timeLimitMs`);
}

/** `add` writes all settings: it must not silently undo what somebody has set. */
async function refuseKnown(client: ApiClient, id: string): Promise<void> {
  const { repositories } = await client.repositories();
  if (repositories.some((known) => known.id === id))
    throw new CommandError(
      exitCodes.failure,
      `${id} is registered already: ./bellows repo set ${id} changes its settings`,
    );
}

function print(context: Context, repository: Repository, options: { json?: true }): void {
  context.stdout.write(options.json === true ? toJson(repository) : toRepositoryTable(context, [repository]));
}

function toRepositoryTable(context: Context, repositories: readonly Repository[]): string {
  const columns = [
    { title: 'REPOSITORY', shrinks: true },
    { title: 'DEFAULT BRANCH', shrinks: true },
    { title: 'POOL' },
    { title: 'TIME LIMIT' },
  ];
  const rows = repositories.map(({ id, defaultBranch, pool, timeLimitMs }) => [
    id,
    defaultBranch,
    pool,
    formatDuration(timeLimitMs),
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

function parseId(text: string): string {
  const parsed = repositoryIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Expected <forge>/<owner>/<name>, such as gitea/me/app.');
}

function parseBranch(text: string): string {
  if (text !== '' && text.length <= 512) return text;
  throw new InvalidArgumentError('Expected the name of a branch, without refs/heads/.');
}

function parsePool(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Expected letters, digits, dots and dashes.');
}

function parseLimit(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Expected a duration such as 90s, 30m or 1h30m.');
}
