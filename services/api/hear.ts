import type { ForgeEvent, ToldEvent } from '../core/forge/index.ts';
import { type Accepted, type Repository, type ToldEventName, toldEvents } from '../core/job/index.ts';
import type { Queue } from '../core/queue/index.ts';
import type { SpanOptions, Tracer } from '../core/trace/index.ts';
import { enqueue, toEnqueueRequest, toToldRequest } from './enqueue.ts';
import { isPushed } from './is-pushed.ts';
import { trace } from './trace.ts';

export type HeardEvent = Exclude<ForgeEvent, { kind: 'ping' | 'ignored' }>;
/** What became of it; all but `enqueued` start nothing. */
export type Heard = Accepted | { answer: 'ignored'; reason: string } | { answer: 'gone'; ref: string };

export interface HearDeps {
  queue: Pick<Queue, 'enqueue' | 'jobs' | 'noteHead' | 'noteTold' | 'removeHead'>;
  /** The commits of branches and tags, as the forge has them now. @throws HeadsError */
  readHeads(repository: Repository): Promise<Map<string, string>>;
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
  if (event.kind === 'told') return hearTold(deps, repository, event, { span: name, options, delivery });
  if (event.kind === 'gone') {
    // First: where it is not taken now, the ref is still known, and will be looked for again.
    if (event.told !== undefined)
      await hearTold(deps, repository, event.told, { span: name, options, delivery });
    await queue.removeHead(repository.id, event.ref, event.closedAt || delivery);
    return { answer: 'gone', ref: event.ref };
  }
  const attributes = { 'bellows.repository': repository.id, 'bellows.event': event.kind };
  const peeled = await peel(deps, repository, event);
  return trace(tracer, name, { ...options, attributes }, (span) =>
    enqueue(deps, toEnqueueRequest(repository, peeled, delivery), span),
  );
}

/** A tag object has no files and no status: what is built is the commit that it names. */
async function peel<E extends HeardEvent>(deps: HearDeps, repository: Repository, event: E): Promise<E> {
  if (event.kind !== 'tag' || event.isUnpeeled !== true) return event;
  const commit = (await deps.readHeads(repository)).get(event.ref);
  return commit === undefined || commit === event.sha ? event : { ...event, sha: commit, object: event.sha };
}

/** Whether it starts something in this repository. */
export function isWanted({ events }: Repository, event: ToldEventName): boolean {
  return (events ?? usual).includes(event);
}

const usual: readonly ToldEventName[] = toldEvents.filter((event) => event !== 'pull_request_metadata');

async function hearTold(
  deps: HearDeps,
  repository: Repository,
  told: ToldEvent,
  { span: name, options = {}, delivery }: Teller,
): Promise<Heard> {
  if (!isWanted(repository, told.event))
    return {
      answer: 'ignored',
      reason: `${told.event} starts nothing for ${repository.id}: see its settings`,
    };
  const sha = told.sha ?? (await deps.readHeads(repository)).get(told.ref);
  if (sha === undefined) return { answer: 'ignored', reason: `${told.ref} is not there` };
  // A deployment is of any commit; what comes of a pull request says itself whose it is, and a tag is the repository's.
  const foreign =
    told.event === 'deployment' && !(await isPushed(deps.queue, deps, repository, { ref: told.ref, sha }));
  const request = toToldRequest(repository, told, { sha, foreign, delivery });
  const attributes = { 'bellows.repository': repository.id, 'bellows.event': told.event };
  const heard = await trace(deps.tracer, name, { ...options, attributes }, (span) =>
    enqueue(deps, request, span),
  );
  const known = toKnown(told);
  if (known !== undefined) await deps.queue.noteTold(repository.id, known);
  return heard;
}

/** What a release or a deployment is remembered by; undefined for what else is told, which has a ref that stands for it. */
export function toKnown({ event, occasion }: ToldEvent): string | undefined {
  const isAsked = event === 'release' || event === 'deployment';
  return isAsked && occasion !== undefined ? `${event} ${occasion}` : undefined;
}
