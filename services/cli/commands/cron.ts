import { type Command, InvalidArgumentError } from 'commander';
import { formatAge, formatDuration } from '../../core/display/index.ts';
import { type CronSettings, type CronView, nameSchema } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { toShortId } from '../find-job.ts';
import { findRepository } from '../find-repository.ts';
import { toJson } from '../json.ts';
import { toTable, toText } from '../table.ts';
import { toTerminal } from '../terminal.ts';

const repositoryArgument = ['<repository>', 'its id, owner/name, or name'] as const;

export function configureCron(command: Command, context: Context): void {
  command.description(
    'A cron starts the pipeline of a branch by a schedule, as it is then at its forge; its jobs have the event `cron`, and `when: { event: cron, cron: nightly }` is for those of one cron. What was due while no api ran starts once.',
  );
  configureSet(command.command('set'), context);
  configureList(command.command('list'), context);
  configureRemove(command.command('remove'), context);
  addExamples(
    command,
    { line: "./bellows cron set me/app nightly '0 3 * * *' --timezone Europe/Berlin" },
    { line: './bellows cron set me/app nightly --off' },
    { line: './bellows cron list me/app' },
  );
}

interface Options {
  branch?: string;
  timezone?: string;
  on?: true;
  off?: true;
  json?: true;
}

function configureSet(command: Command, context: Context): void {
  command
    .summary('set one')
    .description('Sets a cron. What is not given stays as it was.')
    .argument(...repositoryArgument)
    .argument('<name>', 'letters, digits, dots and dashes', parseName)
    .argument(
      '[schedule]',
      'five fields, minute hour day month weekday, such as "0 3 * * 1-5"; or @hourly, @daily, @weekly, @monthly, @yearly',
    )
    .option('--branch <name>', 'what it runs (default: the default branch, as it is then)')
    .option('--timezone <name>', 'of the schedule, such as Europe/Berlin (default: UTC)')
    .option('--off', 'it stays, and starts nothing')
    .option('--on', 'it starts again from its next time on')
    .option('--json', "the api's answer, for scripts")
    .action((given: string, name: string, schedule: string | undefined, options: Options) =>
      withClient(context, async (client) => {
        if (options.on === true && options.off === true)
          throw new CommandError(exitCodes.usage, 'either --on or --off');
        const id = await findRepository(client, given);
        const before = (await client.crons(id)).crons.find((cron) => cron.name === name);
        const cron = await client.putCron(id, name, toSettings(before, schedule, options));
        if (options.json === true) context.stdout.write(toJson(cron));
        else context.stdout.write(toCronTable(context, [cron]));
      }),
    );
  addExamples(
    command,
    { line: './bellows cron set me/app nightly @daily' },
    { line: "./bellows cron set me/app weekly '30 4 * * MON' --branch trunk --timezone America/New_York" },
  );
}

function configureList(command: Command, context: Context): void {
  command
    .summary('list them')
    .description('Lists the crons of a repository: when each is due, and what became of it the last time.')
    .argument(...repositoryArgument)
    .option('--json', "the api's answer, for scripts: crons")
    .action((given: string, options: { json?: true }) =>
      withClient(context, async (client) => {
        const answer = await client.crons(await findRepository(client, given));
        if (options.json === true) context.stdout.write(toJson(answer));
        else if (answer.crons.length === 0) context.stderr.write('No crons.\n');
        else context.stdout.write(toCronTable(context, answer.crons));
      }),
    );
  addExamples(command, { line: './bellows cron list me/app' });
}

function configureRemove(command: Command, context: Context): void {
  command
    .summary('remove one')
    .description('Removes a cron. Its jobs stay.')
    .argument(...repositoryArgument)
    .argument('<name>', 'the name of the cron', parseName)
    .action((given: string, name: string) =>
      withClient(context, async (client) => {
        const id = await findRepository(client, given);
        await client.removeCron(id, name);
        const terminal = toTerminal(context.env, context.stdout);
        context.stdout.write(`Removed ${name} of ${toText(id, terminal)}.\n`);
      }),
    );
  addExamples(command, { line: './bellows cron remove me/app nightly' });
}

function toSettings(
  before: CronView | undefined,
  schedule: string | undefined,
  { branch = before?.branch, timezone = before?.timezone, on, off }: Options,
): CronSettings {
  const wanted = schedule ?? before?.schedule;
  if (wanted === undefined)
    throw new CommandError(exitCodes.usage, 'a new cron needs a schedule, such as "0 3 * * *" or @daily');
  return {
    schedule: wanted,
    ...(branch === undefined ? {} : { branch }),
    ...(timezone === undefined ? {} : { timezone }),
    enabled: on === true || (off !== true && (before?.enabled ?? true)),
  };
}

function toCronTable(context: Context, crons: readonly CronView[]): string {
  const columns = [
    { title: 'NAME', shrinks: true },
    { title: 'SCHEDULE', shrinks: true },
    { title: 'BRANCH', shrinks: true },
    { title: 'NEXT' },
    { title: 'LAST', shrinks: true },
    { title: 'BY', shrinks: true },
  ];
  const rows = crons.map(({ name, schedule, timezone, branch, next, fired, setBy }) => [
    name,
    timezone === 'UTC' ? schedule : `${schedule} ${timezone}`,
    branch ?? 'default',
    next === undefined ? 'off' : `in ${formatDuration(next - context.now())}`,
    toLast(fired, context.now()),
    setBy,
  ]);
  return toTable(columns, rows, toTerminal(context.env, context.stdout));
}

function toLast(fired: CronView['fired'], now: number): string {
  if (fired === undefined) return 'never';
  const { dueAt, job, problem } = fired;
  const age = formatAge(now - dueAt);
  return `${age === 'now' ? age : `${age} ago`}: ${problem ?? `job ${toShortId(job ?? '')}`}`;
}

function parseName(text: string): string {
  const name = nameSchema.safeParse(text);
  if (name.success) return name.data;
  throw new InvalidArgumentError('Expected letters, digits, dots and dashes.');
}
