import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { createToken, type Identity, knowsRepository, toActor, toLimit } from '../../core/access/index.ts';
import {
  type Accepted,
  acceptedSchema,
  isFinal,
  isForeign,
  type Job,
  type JobAnswer,
  type JobSpec,
  jobAnswerSchema,
  jobPageSchema,
  jobStates,
  nameSchema,
  type Repository,
  repositoryIdSchema,
  type Trigger,
  triggerSchema,
} from '../../core/job/index.ts';
import { type EnqueueRequest, type NewJob, toExpanded } from '../../core/queue/index.ts';
import { mayApprove, toAwaits } from '../approval.ts';
import { toAskedSpec } from '../asked-spec.ts';
import type { ApiDeps } from '../deps.ts';
import { enqueue, toLane, toQuota } from '../enqueue.ts';
import { tagByMark } from '../etag.ts';
import { noJob, noRepository, Problem } from '../problem.ts';
import { answers, createRoutes, jobParams, notModified, refuses, takes } from '../route.ts';
import { toServerSpan, trace } from '../trace.ts';

/** One, or several: given more than once. */
function several<S extends z.ZodType>(schema: S) {
  return z.preprocess((given) => (Array.isArray(given) ? given : [given]), z.array(schema).max(20));
}

const list = createRoute({
  method: 'get',
  path: '/api/v1/jobs',
  operationId: 'listJobs',
  tags: ['Jobs'],
  summary: 'Jobs, newest first, without their steps',
  description:
    'A job must be like all filters that are given. `search` finds part of a repository, branch, author, subject ' +
    'or workflow, and the beginning of an id or a commit. One answer looks through 2,000 jobs at most, so a page ' +
    'may be short, or empty, and still have a `next`; without a `next` there is no more.',
  request: {
    query: z.object({
      repository: repositoryIdSchema.optional(),
      branch: z.string().max(512).optional(),
      author: z.string().max(200).optional(),
      state: several(z.enum(jobStates)).optional(),
      pool: nameSchema.optional(),
      search: z.string().trim().min(1).max(100).optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z.string().max(200).optional(),
    }),
  },
  responses: {
    ...refuses(422),
    200: answers(jobPageSchema, 'A page; `event` is where the events go on from.'),
    ...notModified,
  },
});

const get = createRoute({
  method: 'get',
  path: '/api/v1/jobs/{id}',
  operationId: 'getJob',
  tags: ['Jobs'],
  summary: 'One job with its steps',
  request: { params: jobParams },
  responses: {
    ...refuses(404),
    ...notModified,
    200: answers(jobAnswerSchema, 'The job; `event` is where the events go on from.'),
  },
});

const asked = z.object({
  'idempotency-key': z.string().min(1).max(200).optional(),
  /** W3C Trace Context; what is none begins a new trace. */
  traceparent: z.string().optional(),
});

const trigger = createRoute({
  method: 'post',
  path: '/api/v1/jobs',
  operationId: 'createJob',
  tags: ['Jobs'],
  summary: 'Run the pipeline of a ref',
  request: { headers: asked, body: takes(triggerSchema) },
  responses: { ...refuses(404, 422, 502), 202: answers(acceptedSchema, 'Accepted, and on disk.') },
});

const cancel = createRoute({
  method: 'post',
  path: '/api/v1/jobs/{id}/cancel',
  operationId: 'cancelJob',
  tags: ['Jobs'],
  summary: 'Cancel a job; a running one is told to stop',
  request: { params: jobParams },
  responses: { ...refuses(404, 409), 200: answers(jobAnswerSchema, 'The job as it is now.') },
});

const retry = createRoute({
  method: 'post',
  path: '/api/v1/jobs/{id}/retry',
  operationId: 'retryJob',
  tags: ['Jobs'],
  summary: 'Run a job that has ended once more, as a new one',
  request: { params: jobParams, headers: asked },
  responses: { ...refuses(404, 409, 422), 202: answers(acceptedSchema, 'Accepted, and on disk.') },
});

export function createJobRoutes(deps: ApiDeps) {
  const { queue, tracer } = deps;
  const askFor = (
    repository: Repository,
    job: Omit<NewJob, 'pool'>,
    { 'idempotency-key': key = createToken(), traceparent }: z.infer<typeof asked>,
  ) => {
    const attributes = { 'bellows.repository': repository.id, 'bellows.event': job.spec.event };
    const request: EnqueueRequest = {
      cause: { kind: 'asked', repository: repository.id, key },
      jobs: [{ ...job, pool: repository.pool }],
      ...toQuota(repository),
      ...toLane(repository, job.spec, 'member'),
    };
    return trace(tracer, 'trigger', toServerSpan(traceparent, attributes), (span) =>
      enqueue(deps, request, span),
    );
  };

  const app = createRoutes();
  app.use('/api/v1/jobs', tagByMark(queue));
  app.use('/api/v1/jobs/:id', tagByMark(queue));
  return app
    .openapi(list, async (c) => {
      const { state: states, ...given } = c.req.valid('query');
      return c.json(await queue.jobs({ ...given, states, repositories: toLimit(c.get('identity')) }), 200);
    })
    .openapi(get, async (c) => c.json(await readJob(deps, c.req.valid('param').id), 200))
    .openapi(trigger, async (c) => {
      const body = c.req.valid('json');
      if (!knowsRepository(c.get('identity'), body.repository)) throw noRepository(body.repository);
      const repository = await readRepository(deps, body.repository);
      const key = c.req.valid('header')['idempotency-key'];
      const before = await readAsked(deps, repository, key, (spec) => isAskedSpec(spec, repository, body));
      if (before !== undefined) return c.json(before, 202);
      const spec = await toAskedSpec(deps, repository, body);
      const awaits = toAsked(repository, spec, body, c.get('identity'));
      const job = awaits === undefined ? { spec } : { spec, awaits };
      const accepted = await askFor(repository, job, c.req.valid('header'));
      c.set('about', `${repository.id} ${accepted.jobs[0]}`);
      return c.json(accepted, 202);
    })
    .openapi(cancel, async (c) => {
      const { id } = c.req.valid('param');
      const answer = await queue.cancel(id, toActor(c.get('identity')));
      const after = await readJob(deps, id);
      if (answer === 'final') throw new Problem(409, `Job ${id} has already ended: ${after.job.state}.`);
      return c.json(after, 200);
    })
    .openapi(retry, async (c) => {
      const { id } = c.req.valid('param');
      const { job } = await readJob(deps, id);
      if (!isFinal(job.state))
        throw new Problem(409, `Job ${id} has not ended yet: ${job.state}. Cancel it first, or wait.`);
      const repository = await readRepository(deps, job.spec.repository);
      const spec = { ...(await toRepeated(deps, job)), timeLimitMs: repository.timeLimitMs };
      const key = c.req.valid('header')['idempotency-key'];
      const before = await readAsked(deps, repository, key, ({ retryOf }) => retryOf === id);
      if (before !== undefined) return c.json(before, 202);
      // Another run of what nobody approved is no approval.
      const awaits = job.awaits === true ? { awaits: 'awaits approval: nobody approved the run before' } : {};
      return c.json(await askFor(repository, { spec, ...awaits }, c.req.valid('header')), 202);
    });
}

export async function readJob(deps: ApiDeps, id: string): Promise<JobAnswer> {
  const found = await deps.queue.job(id);
  if (found === undefined) throw noJob(id);
  return found;
}

export async function readRepository(deps: Pick<ApiDeps, 'repositories'>, id: string): Promise<Repository> {
  const repository = await deps.repositories.get(id);
  if (repository === undefined) throw noRepository(id);
  return repository;
}

/**
 * The answer that this key got before, without asking a forge again, whose head may have moved.
 *
 * @throws Problem 422 where the key was another asking's
 */
async function readAsked(
  { queue, publicUrl }: ApiDeps,
  { id }: Repository,
  key: string | undefined,
  isSame: (spec: JobSpec) => boolean,
): Promise<Accepted | undefined> {
  const known = key === undefined ? undefined : await queue.asked(id, key);
  const [first] = known?.jobs ?? [];
  const job = first === undefined ? undefined : (await queue.job(first))?.job;
  if (known === undefined || job === undefined) return undefined;
  if (!isSame(job.spec))
    throw new Problem(422, 'This Idempotency-Key was used for another request. Take a new key.');
  return { answer: 'dup', ...known, page: `${publicUrl}/jobs/${job.id}` };
}

function isAskedSpec(spec: JobSpec, { defaultBranch }: Repository, { ref, sha }: Trigger): boolean {
  const same = spec.ref === (ref ?? `refs/heads/${defaultBranch}`) && (sha === undefined || spec.sha === sha);
  return same && spec.retryOf === undefined;
}

/** The same job, alone in a new pipeline: of a pipeline's first job the other workflows are not repeated. */
async function toRepeated({ queue }: ApiDeps, job: Job): Promise<JobSpec> {
  const { id, pipeline, spec } = job;
  const { needs: _needs, run: _run, ...rest } = spec;
  const others = spec.workflow === undefined && ((await queue.pipeline(pipeline))?.jobs.length ?? 0) > 1;
  return { ...rest, ...(others ? toExpanded(job) : {}), retryOf: id };
}

/**
 * Why what was asked for waits. Whoever may approve and names the commit has decided about it; a pull request that
 * is named by its ref may have moved since they looked.
 */
function toAsked(
  repository: Repository,
  spec: JobSpec,
  { awaits, sha }: Trigger,
  identity: Identity,
): string | undefined {
  if (awaits !== undefined) return `awaits approval: ${awaits}`;
  if (!isForeign(spec) || (sha !== undefined && mayApprove(repository, identity))) return undefined;
  return toAwaits(repository, spec);
}
