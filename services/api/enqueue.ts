import type { ForgeEvent, ToldEvent } from '../core/forge/index.ts';
import type { Accepted, JobSpec, Repository } from '../core/job/index.ts';
import type { EnqueueRequest, EnqueueResult, NewJob, Queue, Quota } from '../core/queue/index.ts';
import type { Span, Tracer } from '../core/trace/index.ts';
import { toAwaits } from './approval.ts';
import { Problem } from './problem.ts';
import { trace } from './trace.ts';

type Movement = Extract<ForgeEvent, { kind: 'push' | 'tag' | 'pull request' }>;
const events = { push: 'push', tag: 'tag', 'pull request': 'pull_request' } as const;

/** What a moved ref asks of the queue: one job, whose tree will say what else there is to do. */
export function toEnqueueRequest(
  repository: Repository,
  movement: Movement,
  delivery: string | undefined,
): EnqueueRequest {
  const { ref, sha, before } = movement;
  const object = movement.kind === 'pull request' ? undefined : movement.object;
  const event = events[movement.kind];
  const pull = movement.kind === 'pull request' ? movement.pullRequest : undefined;
  const spec: JobSpec = {
    repository: repository.id,
    event,
    ref,
    branch: movement.branch,
    sha,
    subject: movement.subject,
    author: movement.author,
    defaultBranch: movement.defaultBranch,
    timeLimitMs: repository.timeLimitMs,
    ...(movement.kind === 'push' && /[^0]/.test(movement.before) ? { before: movement.before } : {}),
    ...(pull === undefined ? {} : { pullRequest: pull }),
    ...('commit' in movement && movement.commit !== undefined ? { commit: movement.commit } : {}),
    ...toPerson(movement),
  };
  return {
    cause: {
      kind: 'ref',
      repository: repository.id,
      ref,
      event,
      after: object ?? sha,
      ...(before === undefined ? {} : { before }),
      ...(pull === undefined ? {} : { pullRequest: pull.number }),
    },
    ...(delivery === undefined ? {} : { delivery: `${repository.forge}:${delivery}` }),
    jobs: [toNewJob(repository, spec)],
    ...toQuota(repository),
    ...toLane(repository, spec, 'newest'),
  };
}

/**
 * What an event that moves no ref asks of the queue: it is one event, however often and by whom it is told.
 *
 * @param sha where the event does not say it
 * @param foreign whether its commit is not known to have been pushed to the repository
 */
export function toToldRequest(
  repository: Repository,
  told: ToldEvent,
  { sha, foreign, delivery }: { sha: string; foreign: boolean; delivery: string | undefined },
): EnqueueRequest {
  const { event, ref, branch, subject, author, defaultBranch, pullRequest, release, deployment, reason } =
    told;
  const spec: JobSpec = {
    ...{ repository: repository.id, event, ref, branch, sha, subject, author, defaultBranch },
    timeLimitMs: repository.timeLimitMs,
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(release === undefined ? {} : { release }),
    ...(deployment === undefined ? {} : { deployment }),
    ...(reason === undefined ? {} : { reason }),
    ...(foreign ? { foreign } : {}),
    ...toPerson(told),
  };
  const occasion = told.occasion ?? `delivery ${delivery}`;
  return {
    cause: { kind: 'told', repository: repository.id, event, occasion },
    ...(delivery === undefined ? {} : { delivery: `${repository.forge}:${delivery}` }),
    jobs: [toNewJob(repository, spec)],
    ...toQuota(repository),
  };
}

function toNewJob(repository: Repository, spec: JobSpec): NewJob {
  const awaits = toAwaits(repository, spec);
  return { spec, pool: repository.pool, ...(awaits === undefined ? {} : { awaits }) };
}

function toPerson({
  movedBy,
  sender = '',
  author,
}: Movement | ToldEvent): Pick<JobSpec, 'movedBy' | 'sender'> {
  return {
    ...(movedBy === undefined ? {} : { movedBy }),
    ...(sender === '' || sender === author ? {} : { sender }),
  };
}

/** Where its repository wants a newer push to cancel what the one before has started. */
export function toLane(
  { cancelPrevious }: Repository,
  { event }: Pick<JobSpec, 'event'>,
  lane: NonNullable<EnqueueRequest['lane']>,
): Pick<EnqueueRequest, 'lane'> {
  return cancelPrevious?.some((each) => each === event) === true ? { lane } : {};
}

/** The repository's own caps, where it has any. */
export function toQuota({ jobLimit, jobsPerHour }: Repository): Quota {
  return {
    ...(jobLimit === undefined ? {} : { most: jobLimit }),
    ...(jobsPerHour === undefined ? {} : { perHour: jobsPerHour }),
  };
}

/**
 * Awaits the durable write. Its jobs go on with the trace of the span.
 *
 * @throws Problem 503 when no more work is admitted
 */
export async function enqueue(
  { queue, tracer, publicUrl }: { queue: Pick<Queue, 'enqueue'>; tracer: Tracer; publicUrl: string },
  request: EnqueueRequest,
  { context, traceparent }: Span,
): Promise<Accepted> {
  return trace(tracer, 'enqueue', { parent: context }, async (span) => {
    const result = await queue.enqueue(withTrace(request, traceparent));
    span.set({ 'bellows.answer': result.answer });
    return toAccepted(result, publicUrl);
  });
}

/** The trace that its jobs go on with. */
export function withTrace(request: EnqueueRequest, traceparent: string): EnqueueRequest {
  return { ...request, jobs: request.jobs.map((job) => ({ ...job, spec: { ...job.spec, traceparent } })) };
}

/** @throws Problem 503 when no more work is admitted, 429 when no more of it in this hour */
export function toAccepted(result: EnqueueResult, publicUrl: string): Accepted {
  if (result.answer !== 'full') return { ...result, page: `${publicUrl}/jobs/${result.jobs[0] ?? ''}` };
  if (result.of === 'hour') {
    const seconds = Math.ceil((result.afterMs ?? 0) / 1000);
    throw new Problem(
      429,
      `This repository may begin ${result.most} jobs an hour, and has. Try again in ${Math.ceil(seconds / 60)} min.`,
      { 'retry-after': String(seconds) },
    );
  }
  const whose = { all: '', pool: ' of this pool', repository: ' of this repository' }[result.of];
  throw new Problem(
    503,
    `Too many jobs${whose} wait already: at most ${result.most} may be unfinished. Try again when some are done.`,
    { 'retry-after': '30' },
  );
}
