import type { ApiClient } from '../core/client/index.ts';
import { createDisplayFilter, formatDuration, toDisplay } from '../core/display/index.ts';
import { isFinal, type Job } from '../core/job/index.ts';

/** Tells a job from where it stands to its end, in plain lines. */
export async function followJob(
  client: Pick<ApiClient, 'job' | 'log'>,
  id: string,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<Job | undefined> {
  const filter = createDisplayFilter({ sgr: false });
  let rest = '';
  const show = (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) say(`  │ ${line}`);
  };
  // The log ends when the job has.
  for await (const message of client.log(id, undefined, signal)) {
    if ('chunk' in message) show(filter.write(message.chunk.text));
    else if ('end' in message) break;
  }
  show(filter.end());
  if (rest !== '') show('\n');
  const { job } = await client.job(id);
  if (isFinal(job.state)) say(`  ${toEnding(job)}`);
  return job;
}

function toEnding(job: Job): string {
  const took =
    job.finishedAt === undefined || job.startedAt === undefined
      ? ''
      : ` in ${formatDuration(job.finishedAt - job.startedAt)}`;
  return `${job.state}${took}${job.reason === undefined ? '' : `: ${toDisplay(job.reason)}`}`;
}
