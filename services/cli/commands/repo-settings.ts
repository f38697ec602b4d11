import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../../core/client/index.ts';
import {
  approvalRules,
  cancellingEvents,
  nameSchema,
  parseDuration,
  type Repository,
  type RepositoryPatch,
  repositoryIdSchema,
  repositorySchema,
  toldEvents,
  trusts,
} from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';

import { addExamples } from '../examples.ts';
import { CommandError, exitCodes } from '../failure.ts';
import { findRepository } from '../find-repository.ts';
import { printRepository } from '../repository-table.ts';

interface Settings {
  defaultBranch?: string;
  pool?: string;
  timeLimit?: number;
  jobLimit?: number;
  jobsPerHour?: number;
  approval?: NonNullable<Repository['approval']>;
  cancelPrevious?: NonNullable<Repository['cancelPrevious']>;
  trusted?: number[];
  approvers?: number[] | 'all';
  reads?: NonNullable<Repository['reads']>;
  events?: NonNullable<Repository['events']>;
  trustedWith?: NonNullable<Repository['trustedWith']>;
  json?: true;
}

/** What `add` writes where nothing else is said; the local remote registers a pushed repository alike. */
const usual = { defaultBranch: 'main', pool: 'default', timeLimit: '1h' };

export function configureAdd(command: Command, context: Context): void {
  addSettings(command, usual)
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
          defaultBranch: settings.defaultBranch ?? usual.defaultBranch,
          pool: settings.pool ?? usual.pool,
          timeLimitMs: settings.timeLimit ?? parseLimit(usual.timeLimit),
          ...toSeldom(settings),
          ...(settings.approvers === 'all' ? { approvers: undefined } : {}),
        });
        printRepository(context, await client.putRepository(repository), settings);
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

export function configureSet(command: Command, context: Context): void {
  addSettings(command)
    .summary('change settings')
    .description('Changes settings of a repository, for jobs that start from now on.')
    .argument('<repository>', 'its id, owner/name, or name')
    .action((given: string, settings: Settings) =>
      withClient(context, async (client) => {
        const patch: RepositoryPatch = {
          ...(settings.defaultBranch === undefined ? {} : { defaultBranch: settings.defaultBranch }),
          ...(settings.pool === undefined ? {} : { pool: settings.pool }),
          ...(settings.timeLimit === undefined ? {} : { timeLimitMs: settings.timeLimit }),
          ...toSeldom(settings),
        };
        if (Object.keys(patch).length === 0)
          throw new CommandError(
            exitCodes.usage,
            'nothing to set: give at least one of the settings that --help lists',
          );
        printRepository(
          context,
          await client.patchRepository(await findRepository(client, given), patch),
          settings,
        );
      }),
    );
  addExamples(command, { line: './bellows repo set me/app --time-limit 1h30m' });
}

function addSettings(command: Command, shown?: typeof usual): Command {
  const or = (value: string | undefined) => (value === undefined ? '' : ` (default: ${value})`);
  return command
    .option('--default-branch <name>', `where work comes together${or(shown?.defaultBranch)}`, parseBranch)
    .option('--pool <name>', `the pool whose agents run its jobs${or(shown?.pool)}`, parsePool)
    .option(
      '--time-limit <duration>',
      `for each job, such as 90s, 30m, 1h30m${or(shown?.timeLimit)}`,
      parseLimit,
    )
    .option(
      '--job-limit <number>',
      'how many unfinished jobs it may have; more are refused until some are done',
      parseJobLimit,
    )
    .option(
      '--jobs-per-hour <number>',
      'how many jobs it may begin in an hour; pushes wait for the next one, what is asked for is refused',
      parseJobLimit,
    )
    .option(
      '--approval <which>',
      `which pipelines wait for an approval: ${approvalRules.join(', ')} (default: forks)`,
      parseApproval,
    )
    .option(
      '--cancel-previous <events>',
      `where a newer push cancels what the one before has started and is not done, comma-separated: ${cancellingEvents.join(', ')}, or none (default: none)`,
      parseCancelling,
    )
    .option(
      '--trusted <ids>',
      "the forge's ids of users whose pipelines wait for nobody, such as 3,12, or none",
      parsePeople,
    )
    .option(
      '--approvers <ids>',
      "the forge's ids of users who may approve, beside admins; none, or all who may trigger (default: all)",
      (text: string) => (text === 'all' ? text : parsePeople(text)),
    )
    .option(
      '--reads <ids>',
      'other private repositories of its forge that its jobs may fetch as submodules, such as gitea/me/lib,gitea/me/data, or none (default: none)',
      parseReads,
    )
    .option(
      '--events <events>',
      `which events that move no ref start a pipeline, comma-separated: ${toldEvents.join(', ')}, or none (default: all but pull_request_metadata)`,
      parseTold,
    )
    .option(
      '--trusted-with <what>',
      `what of the machine its own people's jobs may have, never those of a fork: ${trusts.join(', ')}, or none (default: none); volumes are as good as being root there`,
      (text: string) => parseWords(text, trusts),
    )
    .option('--json', `the api's answer, for scripts: ${repositoryFields}`);
}

/** The fields of a repository, as `--json` prints them. */
export const repositoryFields = Object.keys(repositorySchema.shape).join(', ');

/** What is written only where it is given. */
function toSeldom({
  jobLimit,
  jobsPerHour,
  approval,
  cancelPrevious,
  trusted,
  approvers,
  reads,
  events,
  trustedWith,
}: Settings): RepositoryPatch {
  return {
    ...(jobLimit === undefined ? {} : { jobLimit }),
    ...(jobsPerHour === undefined ? {} : { jobsPerHour }),
    ...(approval === undefined ? {} : { approval }),
    ...(cancelPrevious === undefined ? {} : { cancelPrevious }),
    ...(trusted === undefined ? {} : { trusted }),
    ...(reads === undefined ? {} : { reads }),
    ...(events === undefined ? {} : { events }),
    ...(trustedWith === undefined ? {} : { trustedWith }),
    ...(approvers === undefined ? {} : { approvers: approvers === 'all' ? null : approvers }),
  };
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

function parseJobLimit(text: string): number {
  const parsed = repositorySchema.shape.jobLimit.safeParse(/^\d+$/.test(text) ? Number(text) : undefined);
  if (parsed.success && parsed.data !== undefined) return parsed.data;
  throw new InvalidArgumentError('Expected a number from 1 to 1000000.');
}

function parseApproval(text: string): NonNullable<Repository['approval']> {
  const rule = approvalRules.find((known) => known === text);
  if (rule !== undefined) return rule;
  throw new InvalidArgumentError(`Expected one of ${approvalRules.join(', ')}.`);
}

const parseCancelling = (text: string) => parseWords(text, cancellingEvents);
const parseTold = (text: string) => parseWords(text, toldEvents);

function parseWords<W extends string>(text: string, known: readonly W[]): W[] {
  const words = text === 'none' ? [] : text.split(',');
  return words.map((given) => {
    const word = known.find((one) => one === given.trim());
    if (word !== undefined) return word;
    throw new InvalidArgumentError(`Expected some of ${known.join(', ')}, or none.`);
  });
}

function parsePeople(text: string): number[] {
  const ids =
    text === 'none' ? [] : text.split(',').map((id) => (/^[1-9]\d{0,14}$/.test(id) ? Number(id) : 0));
  const parsed = repositorySchema.shape.trusted.safeParse([...new Set(ids)]);
  if (parsed.success && parsed.data !== undefined) return parsed.data;
  throw new InvalidArgumentError('Expected numbers, such as 3,12: names can change hands. Or none.');
}

function parseReads(text: string): NonNullable<Repository['reads']> {
  const parsed = repositorySchema.shape.reads.safeParse(text === 'none' ? [] : text.split(','));
  if (parsed.success && parsed.data !== undefined) return parsed.data;
  throw new InvalidArgumentError(
    'Expected <forge>/<owner>/<name>, such as gitea/me/lib, comma-separated. Or none.',
  );
}

function parseLimit(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Expected a duration such as 90s, 30m or 1h30m.');
}
