import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import { type ApiToken, nameSchema, type PersonRole, personRoles } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { toDay } from '../day.ts';
import { addExamples } from '../examples.ts';
import { findRepository } from '../find-repository.ts';
import { toJson } from '../json.ts';
import { toTable } from '../table.ts';
import { toTerminal } from '../terminal.ts';

const nameArgument = ['<name>', 'letters, digits, dots and dashes', parseName] as const;

export function configureToken(command: Command, context: Context): void {
  command.description(
    'An API token is for a program: it has a role, an end, and knows all repositories or some. Sent as `Authorization: Bearer bt_…`, or as BELLOWS_TOKEN. Of repositories that it does not know it is told nothing.',
  );
  configureCreate(command.command('create'), context);
  configureList(command.command('list'), context);
  configureRevoke(command.command('revoke'), context);
  addExamples(
    command,
    { line: './bellows token create deploy --role trigger --repository me/app' },
    { line: './bellows token list' },
  );
}

interface CreateOptions {
  role: PersonRole;
  repository: string[];
  days: number;
  json?: true;
}

function configureCreate(command: Command, context: Context): void {
  command
    .summary('make one')
    .description('Makes a token and prints it, this once; only its hash is kept.')
    .argument(...nameArgument)
    .addOption(
      new Option('--role <role>', 'what it may do: view looks, trigger also starts and stops jobs')
        .choices(personRoles)
        .makeOptionMandatory(),
    )
    .option('-r, --repository <id>', 'knows this one only; may be repeated (default: all)', collect, [])
    .option('--days <number>', 'ends after so many days, at most 365', parseDays, 90)
    .option('--json', "the api's answer, for scripts: token, name, role, repositories, expiresAt, …")
    .action((name: string, { role, repository: given, days, json }: CreateOptions) =>
      withClient(context, async (client) => {
        const repositories = await findAll(client, given);
        const created = await client.createToken({
          name,
          role,
          expiresInDays: days,
          ...(repositories.length === 0 ? {} : { repositories }),
        });
        if (json === true) return void context.stdout.write(toJson(created));
        context.stdout.write(`${created.token}\n`);
        context.stderr.write(`It is not shown again, and ends on ${toDay(created.expiresAt)}.\n`);
      }),
    );
  addExamples(
    command,
    { line: './bellows token create dashboard --role view --days 365' },
    { line: './bellows token create deploy --role trigger -r me/app -r me/site > deploy.token' },
  );
}

function configureList(command: Command, context: Context): void {
  command
    .summary('list them')
    .description('Lists API tokens: an admin sees all, others their own. None is shown itself.')
    .option('--json', "the api's answer, for scripts: tokens")
    .action((options: { json?: true }) =>
      withClient(context, async (client) => {
        const answer = await client.tokens();
        if (options.json === true) context.stdout.write(toJson(answer));
        else if (answer.tokens.length === 0) context.stderr.write('No API tokens.\n');
        else context.stdout.write(toTokenTable(context, answer.tokens));
      }),
    );
  addExamples(
    command,
    { line: './bellows token list' },
    {
      line: `./bellows token list --json | jq -r '.tokens[] | select(.lastUsed == null).name'`,
      does: 'never used',
    },
  );
}

function configureRevoke(command: Command, context: Context): void {
  command
    .summary('end one')
    .description('Revokes a token: from this moment on it opens nothing.')
    .argument(...nameArgument)
    .action((name: string) =>
      withClient(context, async (client) => {
        await client.revokeToken(name);
        context.stdout.write(`Revoked ${name}.\n`);
      }),
    );
  addExamples(command, { line: './bellows token revoke deploy' });
}

async function findAll(client: ApiClient, given: readonly string[]): Promise<string[]> {
  const found = [];
  for (const each of given) found.push(await findRepository(client, each));
  return found;
}

function toTokenTable(context: Context, tokens: readonly ApiToken[]): string {
  const columns = [
    { title: 'NAME', shrinks: true },
    { title: 'ROLE' },
    { title: 'REPOSITORIES', shrinks: true },
    { title: 'BY', shrinks: true },
    { title: 'LAST USED' },
    { title: 'ENDS' },
  ];
  const rows = tokens.map(({ name, role, repositories, createdBy, lastUsed, expiresAt }) => [
    name,
    role,
    repositories?.join(', ') ?? 'all',
    createdBy,
    lastUsed ?? 'never',
    toDay(expiresAt),
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}

function parseName(text: string): string {
  const parsed = nameSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Expected letters, digits, dots and dashes.');
}

function parseDays(text: string): number {
  const days = Number(text);
  if (/^\d{1,3}$/.test(text) && days >= 1 && days <= 365) return days;
  throw new InvalidArgumentError('Expected a number of days from 1 to 365.');
}
