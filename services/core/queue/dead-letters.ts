import { QueueError } from './error.ts';
import type { JobPage } from './queue.ts';
import { type Run, toList, toText } from './run-script.ts';
import { deadLetters } from './scripts/look.ts';
import { toJob } from './snapshot.ts';

/** The last one first. The cursor is the time of the last one seen, and how many of that very time were seen. */
export async function readDeadLetters(
  run: Run,
  { limit, cursor }: { limit: number; cursor?: string },
): Promise<JobPage> {
  const [, from = '+inf', seen = '0'] = /^(\d{1,15})-(\d{1,6})$/.exec(cursor ?? '') ?? [];
  if (cursor !== undefined && from === '+inf')
    throw new QueueError('invalid', `cursor "${cursor.slice(0, 40)}"; expected the next of a page before`);
  const [event, rows, scores] = toList(await run(deadLetters, [from, Number(seen), limit]));
  const jobs = toList(rows).map((row) => toJob(row));
  const times = toList(scores).map(toText);
  const last = times.at(-1);
  const page = { jobs, event: toText(event) };
  if (jobs.length < limit || last === undefined) return page;
  const same = times.filter((time) => time === last).length + (last === from ? Number(seen) : 0);
  return { ...page, next: `${last}-${same}` };
}
