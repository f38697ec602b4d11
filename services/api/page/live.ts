import { createDisplayFilter, toDisplay } from '../../core/display/index.ts';
import { apply, isFinal, type Job } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { Message } from '../event-stream.ts';
import { followLogText, type LogPosition } from '../log-text.ts';
import { merge } from './merge.ts';
import { toJobView } from './view.ts';

type LiveDeps = Pick<ApiDeps, 'queue' | 'follower'>;

/**
 * All that the page of a job shows, as it happens: `job` with what the same `apply` as everywhere makes of
 * the events, `chunk` with text that can only be text, and `end` when nothing more will come.
 */
export async function* followPage(
  deps: LiveDeps,
  id: string,
  from: LogPosition,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  yield* merge<Message>(followJob(deps, id, signal), followChunks(deps, id, from, signal));
  if (!signal.aborted) yield { event: 'end', data: {} };
}

async function* followJob(
  { queue, follower }: LiveDeps,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  let found = await queue.job(id);
  while (found !== undefined && !signal.aborted) {
    let job: Job | undefined = found.job;
    yield { event: 'job', data: toJobView(found.job, found.result) };
    if (isFinal(found.job.state)) return;
    for await (const followed of follower.events(found.event, signal)) {
      if ('reset' in followed) break;
      if (followed.event.job !== id) continue;
      job = apply(job, followed.event);
      if (job === undefined) continue;
      // With its end came what was measured, which no event says.
      if (isFinal(job.state)) break;
      yield { event: 'job', data: toJobView(job) };
    }
    found = await queue.job(id);
  }
}

async function* followChunks(
  { follower }: LiveDeps,
  id: string,
  from: LogPosition,
  signal: AbortSignal,
): AsyncGenerator<Message> {
  // Colours are dropped: a page shows text.
  const chunks = followLogText(follower, id, from, signal, () => createDisplayFilter({ sgr: false }));
  for await (const { id: at, chunk } of chunks)
    yield { id: at, event: 'chunk', data: { step: toDisplay(chunk.step), text: chunk.text } };
}
