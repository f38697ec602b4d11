import type { ForgeEvent } from '../core/forge/index.ts';
import type { Accepted, Repository } from '../core/job/index.ts';
import type { Queue } from '../core/queue/index.ts';
import type { SpanOptions, Tracer } from '../core/trace/index.ts';
import { enqueue, toEnqueueRequest } from './enqueue.ts';
import { trace } from './trace.ts';

export type HeardEvent = Exclude<ForgeEvent, { kind: 'ping' | 'ignored' }>;
/** What became of it; all but `enqueued` start nothing. */
export type Heard = Accepted | { answer: 'ignored'; reason: string } | { answer: 'gone'; ref: string };

export interface HearDeps {
  queue: Pick<Queue, 'enqueue' | 'noteHead' | 'removeHead'>;
  tracer: Tracer;
  publicUrl: string;
}

/** Who tells, and in which trace it goes on. */
export interface Teller {
  span: string;
  options?: SpanOptions;
  /** The digest of what was signed: the same again is the same event. */
  delivery?: string | undefined;
}

/**
 * What an event of a forge does, whoever tells of it: a webhook, or the forge when it is asked what no webhook told.
 * Hearing of it twice, in either order, is hearing of it once.
 *
 * @throws Problem 503 when no more work is admitted
 */
export async function hear(
  deps: HearDeps,
  repository: Repository,
  event: HeardEvent,
  { span: name, options = {}, delivery }: Teller,
): Promise<Heard> {
  const { queue, tracer } = deps;
  if (event.kind === 'skipped') {
    await queue.noteHead(repository.id, event.ref, event.sha, delivery);
    return { answer: 'ignored', reason: event.reason };
  }
  if (event.kind === 'gone') {
    await queue.removeHead(repository.id, event.ref, event.closedAt || delivery);
    return { answer: 'gone', ref: event.ref };
  }
  const attributes = { 'bellows.repository': repository.id, 'bellows.event': event.kind };
  return trace(tracer, name, { ...options, attributes }, (span) =>
    enqueue(deps, toEnqueueRequest(repository, event, delivery), span),
  );
}
