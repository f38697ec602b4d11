import { hash } from 'node:crypto';
import {
  type Forge,
  forges,
  type JobSpec,
  nameSchema,
  toId,
  toJobName,
  toStatusContext,
} from '../job/index.ts';
import { QueueError } from './error.ts';
import type { Cause, EnqueueRequest, NewJob } from './queue.ts';
import { toSpecBytes } from './spec-bytes.ts';

/**
 * One request as the `enqueue` script wants it.
 *
 * @param epoch of the cause's ref. It is part of the id: the same commit pushed again to a ref that was
 *   removed in between is another event.
 * @param told forges that are told the state of commits
 */
export function toCall(request: EnqueueRequest, epoch: number, most: number, told: readonly Forge[] = []) {
  const { cause, delivery, jobs } = request;
  checkJobs(jobs, most);
  const pipeline = toPipelineId(cause, epoch);
  const ids: string[] = [];
  const specs: Buffer[] = [];
  const wanted = [];
  for (const job of jobs) {
    const id = toJobId(pipeline, toJobName(job.spec));
    ids.push(id);
    specs.push(toStored(job));
    wanted.push(toWanted(job, id, pipeline, told));
  }
  const asked = {
    pipeline,
    delivery: delivery === undefined ? undefined : toId('delivery', delivery),
    repo: cause.repository,
    branch: toBranch(jobs[0]?.spec),
    // Whoever told it will not tell it again.
    told: cause.kind === 'ref' || cause.kind === 'told' || undefined,
    ...(cause.kind === 'ref' ? toMovement(cause) : undefined),
    epoch: epoch === 0 ? undefined : epoch,
    most: request.most,
    perHour: request.perHour,
    ...(request.lane === undefined ? undefined : toLane(request.lane, jobs[0]?.spec)),
    jobs: wanted,
  };
  return { pipeline, ids, asked, specs };
}

/** Where it has one before it: a tag is alone. */
function toBranch(spec: JobSpec | undefined): string | undefined {
  return spec === undefined || spec.branch === '' || spec.ref.startsWith('refs/tags/')
    ? undefined
    : spec.branch.toWellFormed();
}

/** JSON knows no half of a pair (RFC 8259, 8.2), and a forge's may hold one. */
function toMovement({ ref, before, after }: Extract<Cause, { kind: 'ref' }>) {
  return { ref: ref.toWellFormed(), before, after };
}

function toLane(lane: NonNullable<EnqueueRequest['lane']>, spec: JobSpec | undefined) {
  return { lane: toLaneId(spec), newest: lane === 'newest' || undefined };
}

/** Numbers as text: Redis wants them so, and writes them slower than we do. */
function toWanted(job: NewJob, id: string, pipeline: string, told: readonly Forge[]) {
  const { pool, priority = 5, spec, awaits } = job;
  return {
    id,
    pool,
    class: `${priority}`,
    limit: `${spec.timeLimitMs}`,
    ...toMore(job, (name) => toJobId(pipeline, name)),
    ...(awaits === undefined ? undefined : { awaits: true, reason: awaits.slice(0, 2000) }),
    status: toStatusId(spec, told),
  };
}

/** What it needs is part of the spec, too: later runs of the pipeline begin from there. */
function toStored({ spec, needs = [] }: NewJob): Buffer {
  const { needs: _, ...rest } = spec;
  return toSpecBytes(needs.length === 0 ? rest : { ...rest, needs });
}

export function toJobId(pipeline: string, name: string | undefined): string {
  return toId('job', pipeline, name ?? '');
}

/** The pipeline of an asking: the same key again names the same one. */
export function toAskedId(repository: string, key: string): string {
  return toId('asked', repository, key);
}

function toPipelineId(cause: Cause, epoch: number): string {
  if (cause.kind === 'asked') return toAskedId(cause.repository, cause.key);
  if (cause.kind === 'cron') return toId('cron', cause.repository, cause.name, cause.dueAt);
  if (cause.kind === 'told') return toId('told', cause.repository, cause.event, cause.occasion);
  const { repository, ref, after, event, pullRequest } = cause;
  return toId('ref', repository, ref, epoch, after, event, pullRequest ?? 0);
}

/** Short, whatever the ref is called: it stands in the hash of each job. */
function toLaneId(spec: JobSpec | undefined): string {
  return spec === undefined ? '' : toId('lane', spec.repository, spec.event, spec.ref);
}

/**
 * What one entry of the outbox is about: the forge shows one status for each commit and context, whichever
 * job it is of. Undefined where the forge is not told.
 */
export function toStatusId(spec: JobSpec, told: readonly Forge[]): string | undefined {
  const forge = forges.find((known) => spec.repository.startsWith(`${known}/`));
  if (forge === undefined || !told.includes(forge) || isQuiet(spec)) return undefined;
  const text = JSON.stringify([spec.repository, spec.sha, toStatusContext(spec)]);
  // 72 bits: with their header they fill Redis' 16 bytes, three times for each job.
  return hash('sha256', text, 'base64url').slice(0, 12);
}

/** Of a pull request's commits something else is told already, and most files have nothing for these. */
function isQuiet({ event }: JobSpec): boolean {
  return event === 'pull_request_closed' || event === 'pull_request_metadata';
}

/** What `expand` and `enqueue` look at of a job. */
export interface Named {
  spec: Pick<JobSpec, 'workflow' | 'entry'>;
  pool: string;
  needs?: readonly string[] | undefined;
  runs?: NewJob['runs'];
  group?: NewJob['group'];
  priority?: number;
}

/** @param toId of the job that has this name */
export function toMore({ group, runs, needs = [] }: Named, toId: (name: string) => string) {
  const reason = `needs ${needs.map((name) => `"${name}"`).join(', ')}`.slice(0, 2000);
  return {
    ...(group === undefined ? {} : { group: group.name, permits: group.limit }),
    ...(runs === undefined || runs === 'success' ? {} : { runs }),
    ...(needs.length === 0 ? {} : { needs: needs.map((name) => [toId(name), name]), reason }),
  };
}

/** @throws QueueError where jobs of one pipeline do not fit together */
export function checkJobs(jobs: readonly Named[], most: number): void {
  if (jobs.length === 0 || jobs.length > most) {
    refuse(`a pipeline has 1 to ${most} jobs, this one ${jobs.length}`);
  }
  const names = new Map(jobs.map((job) => [toJobName(job.spec) ?? '', job]));
  if (names.size < jobs.length) refuse('two jobs of a pipeline have the same workflow');
  for (const { spec, pool, needs = [], group, priority = 5 } of jobs) {
    if (!nameSchema.safeParse(pool).success) refuse(`"${pool}" is no name of a pool`);
    if (!Number.isInteger(priority) || priority < 0 || priority > 9) {
      refuse(`priority ${priority}; expected 0 to 9`);
    }
    if (group !== undefined && !(Number.isInteger(group.limit) && group.limit > 0)) {
      refuse(`group "${group.name}" has limit ${group.limit}; expected 1 or more`);
    }
    const unknown = needs.find((name) => !names.has(name));
    if (unknown !== undefined)
      refuse(`"${toJobName(spec)}" needs "${unknown}", which the pipeline does not have`);
  }
  if (jobs.some(({ needs = [] }) => needs.length > 0)) checkOrder(names);
}

/** Takes away what needs nothing more, again and again; what stays then waits for itself. */
function checkOrder(jobs: ReadonlyMap<string, Named>): void {
  const open = new Map([...jobs].map(([name, job]) => [name, job.needs ?? []]));
  for (;;) {
    const free = [...open].filter(([, needs]) => needs.every((need) => !open.has(need)));
    if (free.length === 0) break;
    for (const [name] of free) open.delete(name);
  }
  if (open.size > 0) refuse(`these jobs need each other: ${[...open.keys()].join(', ')}`);
}

function refuse(message: string): never {
  throw new QueueError('invalid', message);
}
