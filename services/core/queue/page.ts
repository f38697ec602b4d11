import { isFound, type Job } from '../job/index.ts';
import { QueueError } from './error.ts';
import type { JobFilter, JobPage } from './queue.ts';
import { type Run, toList, toText } from './run-script.ts';
import { page } from './scripts/look.ts';
import { toJob } from './snapshot.ts';

/** Jobs that one script call looks through, and one page: a rare filter answers a short page with a `next`. */
const atOnce = 200;
const mostCalls = 10;

/** Newest first, by sequence; the cursor is the last sequence looked at. */
export async function readPage(run: Run, filter: JobFilter): Promise<JobPage> {
  const { states = [], pool = '', limit, cursor } = filter;
  const wanted = states.length === 0 ? '' : ` ${states.join(' ')} `;
  const isWanted = toSpecFilter(filter);
  const repository = toIndexed(filter);
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor)) {
    throw new QueueError('invalid', `cursor "${cursor.slice(0, 40)}"; expected the next of a page before`);
  }
  const jobs: Job[] = [];
  let event: string | undefined;
  let below = cursor ?? '+inf';
  for (let call = 0; call < mostCalls; call++) {
    const most = isWanted === undefined ? limit - jobs.length : atOnce;
    const reply = toList(await run(page, [repository, below, most, wanted, pool, atOnce]));
    const rows = toList(reply[1]);
    const sequences = toList(reply[2]).map(toText);
    // Of the first call: events since then are folded once more, which changes nothing.
    event ??= toText(reply[0]);
    for (const [i, row] of rows.entries()) {
      const job = toJob(row);
      if (isWanted?.(job) === false) continue;
      jobs.push(job);
      if (jobs.length === limit) return { jobs, next: sequences[i] ?? below, event };
    }
    below = toText(reply[3]);
    if (below === '') return { jobs, event };
  }
  return { jobs, next: below, event: event ?? '0-0' };
}

/** What only the spec tells, which Redis cannot read; undefined where nothing of that is asked. */
function toSpecFilter({
  branch,
  author,
  search,
  repositories,
}: JobFilter): ((job: Job) => boolean) | undefined {
  if ([branch, author, search, repositories].every((each) => each === undefined)) return undefined;
  return (job) =>
    (branch === undefined || job.spec.branch === branch) &&
    (author === undefined || job.spec.author === author) &&
    repositories?.includes(job.spec.repository) !== false &&
    (search === undefined || isFound(job, search));
}

/** The repository whose own index is looked through, or '' for that of all. */
function toIndexed({ repository, repositories }: JobFilter): string {
  if (repository === undefined) return (repositories?.length === 1 ? repositories[0] : undefined) ?? '';
  // One that may not be seen is looked for where nothing is: the answer is that of one without jobs.
  return repositories?.includes(repository) === false ? '-' : repository;
}
