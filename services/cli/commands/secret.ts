import { type Command, InvalidArgumentError } from 'commander';
import { formatAge } from '../../core/display/index.ts';
import {
  type RepositorySecret,
  secretBranchesSchema,
  secretEvents,
  secretNameSchema,
} from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findRepository } from '../find-repository.ts';
import { toJson } from '../json.ts';
import { readSecret } from '../read-secret.ts';
import { toTable, toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

const repositoryArgument = ['<repository>', 'its id, owner/name, or name'] as const;

export function configureSecret(command: Command, context: Context): void {
  command.description(
    'A secret is set and used, never shown again. A step names it in its environment, `TOKEN: { from_secret: token }`, and is the only one that is given it; what it prints of it is masked. A pull request of a fork gets none.',
  );
  configureSet(command.command('set'), context);
  configureList(command.command('list'), context);
  configureRemove(command.command('remove'), context);
  addExamples(
    command,
    { line: './bellows secret set me/app npm_token', does: 'asks for the value' },
    { line: './bellows secret set me/app deploy_key < deploy_key' },
    { line: './bellows secret list me/app' },
  );
}

function configureSet(command: Command, context: Context): void {
  command
    .summary('set one')
    .description(
      'Sets a secret to what is typed or piped to the standard input: 6 characters to 64 KiB of text; a shorter one could not be masked. One line goes without its line break; several stay as they are.',
    )
    .argument(...repositoryArgument)
    .argument('<name>', 'letters, digits, _, . and -; capitals are the same as small letters', parseName)
    .option(
      '--events <events>',
      `jobs of these are given it, comma-separated: ${secretEvents.join(', ')} (default: as before; at first all but pull_request)`,
      parseEvents,
    )
    .option(
      '--branches <globs>',
      "jobs of these branches are given it, such as main,release/*; of whole refs, such as refs/tags/v*, where they begin with refs/ (default: as before; at first all refs). A pull request's branch is its own, not its target",
      parseBranches,
    )
    .action(
      (
        given: string,
        name: string,
        limits: Pick<RepositorySecret, 'branches'> & Partial<Pick<RepositorySecret, 'events'>>,
      ) =>
        withClient(context, async (client) => {
          const id = await findRepository(client, given);
          const value = await readSecret(context, `Value of ${name}: `);
          const secret = await client.putSecret(id, name, value, limits);
          const terminal = toTerminal(context.env, context.stdout);
          context.stdout.write(
            `Set ${secret.name} of ${toText(id, terminal)}, for ${secret.events.join(', ')}${toOf(secret)}.\n`,
          );
        }),
    );
  addExamples(
    command,
    { line: './bellows secret set me/app npm_token' },
    { line: 'pass show npm | ./bellows secret set me/app npm_token --events push,tag' },
    { line: "./bellows secret set me/app deploy_key --branches 'main,refs/tags/v*' < deploy_key" },
  );
}

function configureList(command: Command, context: Context): void {
  command
    .summary('list them')
    .description('Lists the secrets of a repository, without their values.')
    .argument(...repositoryArgument)
    .option('--json', "the api's answer, for scripts: secrets")
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) => {
        const answer = await client.secrets(await findRepository(client, given));
        if (options.json === true) context.stdout.write(toJson(answer));
        else if (answer.secrets.length === 0) context.stderr.write('No secrets.\n');
        else context.stdout.write(toSecretTable(context, answer.secrets));
      }),
    );
  addExamples(command, { line: './bellows secret list me/app' });
}

function configureRemove(command: Command, context: Context): void {
  command
    .summary('remove one')
    .description('Removes a secret. A pipeline file that still names it fails, and says so.')
    .argument(...repositoryArgument)
    .argument('<name>', 'the name of the secret', parseName)
    .action((given: string, name: string) =>
      withClient(context, async (client) => {
        const id = await findRepository(client, given);
        await client.removeSecret(id, name);
        const terminal = toTerminal(context.env, context.stdout);
        context.stdout.write(`Removed ${name} of ${toText(id, terminal)}.\n`);
      }),
    );
  addExamples(command, { line: './bellows secret remove me/app npm_token' });
}

function toSecretTable(context: Context, secrets: readonly RepositorySecret[]): string {
  const isLimited = secrets.some(({ branches }) => branches !== undefined);
  const columns = [
    { title: 'NAME', shrinks: true },
    { title: 'EVENTS', shrinks: true },
    ...(isLimited ? [{ title: 'BRANCHES', shrinks: true }] : []),
    { title: 'AGE' },
    { title: 'BY', shrinks: true },
  ];
  const rows = secrets.map(({ name, events, branches = ['all'], setAt, setBy }) => [
    name,
    events.join(', '),
    ...(isLimited ? [branches.join(', ')] : []),
    formatAge(context.now() - setAt),
    setBy,
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

function toOf({ branches }: RepositorySecret): string {
  return branches === undefined ? '' : ` of ${branches.join(', ')}`;
}

function parseName(text: string): string {
  const name = secretNameSchema.safeParse(text);
  if (name.success) return name.data;
  throw new InvalidArgumentError(`${name.error.issues[0]?.message ?? 'not a name'}.`);
}

function parseEvents(text: string): RepositorySecret['events'] {
  return text.split(',').map((word) => {
    const event = secretEvents.find((known) => known === word.trim());
    if (event === undefined) throw new InvalidArgumentError(`expected some of ${secretEvents.join(', ')}.`);
    return event;
  });
}

function parseBranches(text: string): RepositorySecret['branches'] {
  const globs = secretBranchesSchema.safeParse(text.split(',').map((glob) => glob.trim()));
  if (globs.success) return globs.data;
  throw new InvalidArgumentError('Expected at most 20 globs of branches, such as main,release/*.');
}
