import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ApiClient, JobQuery } from '../../core/client/index.ts';
import { type Job, type JobPage, type JobState, jobStates } from '../../core/job/index.ts';
import { type Context, withClient } from '../context.ts';
import { addExamples } from '../examples.ts';
import { findRepository } from '../find-repository.ts';
import { toJobTable } from '../job-lines.ts';
import { toJson } from '../json.ts';
import { withProgress } from '../progress.ts';
import { toTerminal } from '../terminal.ts';

interface Options extends Pick<JobQuery, 'repository' | 'branch' | 'author' | 'pool' | 'search'> {
  state?: JobState[];
  limit: number;
  json?: true;
}

const pageSize = 100;

export function configureJobs(command: Command, context: Context): void {
  command
    .description(
      'Lists jobs, newest first. An id may be shortened wherever one is asked for; a pipe gets whole ids.',
    )
    .option('-r, --repository <id>', 'only of this repository: its id, owner/name, or name')
    .option('-b, --branch <name>', 'only of this branch, or tag')
    .option('-a, --author <name>', 'only by this author')
    .addOption(new Option('-s, --state <state...>', 'only in one of these states').choices(jobStates))
    .option('--pool <name>', 'only of this pool')
    .option(
      '--search <text>',
      'only with this in the repository, branch, author, subject or workflow, or as the beginning of an id or a commit',
    )
    .option('-n, --limit <number>', 'at most this many', parseLimit, 20)
    .option('--json', "the api's answer, for scripts: jobs, next, event")
    .action(async (options: Options) => {
      const page = await withClient(context, (client) =>
        withProgress(context, 'asking for the jobs', () => readJobs(client, options)),
      );
      if (options.json === true) context.stdout.write(toJson(page));
      else if (page.jobs.length === 0) context.stderr.write(toNothing(options));
      else
        context.stdout.write(toJobTable(page.jobs, context.now(), toTerminal(context.env, context.stdout)));
    });
  addExamples(
    command,
    { line: './bellows jobs' },
    { line: './bellows jobs --repository me/app --branch main --limit 5' },
    { line: './bellows jobs --author Ada --state failure timeout --search deploy' },
    { line: "./bellows jobs --state failure --json | jq -r '.jobs[].id'", does: 'ids of what failed' },
  );
}

async function readJobs(client: ApiClient, { limit, json: _, ...filters }: Options): Promise<JobPage> {
  const { repository: given, ...others } = filters;
  const query = given === undefined ? others : { ...others, repository: await findRepository(client, given) };
  const first = await client.jobs({ ...query, limit: Math.min(limit, pageSize) });
  const jobs: Job[] = [...first.jobs];
  let next = first.next;
  while (next !== undefined && jobs.length < limit) {
    const page = await client.jobs({
      ...query,
      limit: Math.min(limit - jobs.length, pageSize),
      cursor: next,
    });
    jobs.push(...page.jobs);
    next = page.next;
  }
  return { jobs, ...(next === undefined ? {} : { next }), event: first.event };
}

function toNothing({ limit: _, json: __, ...filters }: Options): string {
  if (Object.keys(filters).length > 0) return 'No job is like that.\n';
  return 'No jobs yet: push something, or use ./bellows trigger.\n';
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= 10_000) return limit;
  throw new InvalidArgumentError('Expected a number from 1 to 10000.');
}
