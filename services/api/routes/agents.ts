import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import {
  claimRequestSchema,
  claimSchema,
  completeAnswerSchema,
  completionSchema,
  heartbeatAnswerSchema,
  jobSecretsSchema,
  logAnswerSchema,
  secretLimits,
  secretNameSchema,
  stepFactSchema,
  workflowsSchema,
} from '../../core/job/index.ts';
import { QueueError } from '../../core/queue/index.ts';
import { claimJob } from '../claim.ts';
import type { ApiDeps } from '../deps.ts';
import { holdHeartbeat } from '../heartbeat.ts';
import { openJobSecrets } from '../job-secrets.ts';
import { ownJob, toFence } from '../own-job.ts';
import { cancelOthers, toFound } from '../pipeline-jobs.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, jobParams as params, refuses, takes } from '../route.ts';
import { readJob } from './jobs.ts';

const job = '/api/v1/agent/jobs/{id}';
const done = { 204: { description: 'Taken.' }, ...refuses(409) };

const claim = createRoute({
  method: 'post',
  path: '/api/v1/agent/claim',
  operationId: 'claimJob',
  tags: ['Agents: their protocol'],
  summary: 'Take one job of a pool; the same agent asking again gets the same job',
  request: { body: takes(claimRequestSchema) },
  responses: { 200: answers(claimSchema, 'The job.'), 204: { description: 'No job waits.' } },
});
const heartbeat = createRoute({
  method: 'post',
  path: `${job}/heartbeat`,
  operationId: 'heartbeat',
  tags: ['Agents: their protocol'],
  summary: 'Renew the lease; held open, and answered at once when the job is cancelled or lost',
  request: { params, query: z.object({ wait: z.coerce.number().int().min(0).max(10_000).default(0) }) },
  responses: { 200: answers(heartbeatAnswerSchema, 'What the agent is to do.') },
});
const step = createRoute({
  method: 'post',
  path: `${job}/steps`,
  operationId: 'reportStep',
  tags: ['Agents: their protocol'],
  summary: 'What became of a step',
  request: { params, body: takes(stepFactSchema) },
  responses: done,
});
const workflows = createRoute({
  method: 'post',
  path: `${job}/workflows`,
  operationId: 'addWorkflows',
  tags: ['Agents: their protocol'],
  summary: 'The other workflows of the tree, and entries of their matrix; each becomes a job',
  request: { params, body: takes(workflowsSchema) },
  responses: { ...done, ...refuses(422) },
});
const log = createRoute({
  method: 'put',
  path: `${job}/log/{n}`,
  operationId: 'appendLog',
  tags: ['Agents: their protocol'],
  summary: 'The next chunk of the log',
  request: {
    params: params.extend({ n: z.coerce.number().int().positive() }),
    query: z.object({
      step: z.string().max(200),
      dropped: z.coerce
        .number()
        .int()
        .nonnegative()
        .max(Number.MAX_SAFE_INTEGER)
        .default(0)
        .meta({ description: 'The last word on a full log: how many bytes did not fit.' }),
    }),
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
  },
  responses: { 200: answers(logAnswerSchema, 'How far the log is.'), ...refuses(507) },
});
const secrets = createRoute({
  method: 'get',
  path: `${job}/secrets`,
  operationId: 'openSecrets',
  tags: ['Agents: their protocol'],
  summary: 'The secrets that the steps of the job name, as far as its event may see them',
  request: {
    params,
    query: z.object({
      names: z
        .string()
        .transform((text) => [...new Set(text.split(','))])
        .pipe(z.array(secretNameSchema).min(1).max(secretLimits.count)),
    }),
  },
  responses: {
    ...refuses(404, 409, 422),
    200: answers(jobSecretsSchema, 'The values, and why the others are not given.'),
  },
});
const complete = createRoute({
  method: 'post',
  path: `${job}/complete`,
  operationId: 'completeJob',
  tags: ['Agents: their protocol'],
  summary: 'How the job ended',
  request: { params, body: takes(completionSchema) },
  responses: { 200: answers(completeAnswerSchema, 'Whether it counts.') },
});

/** What agents say. The token of a job opens that job, under its fence, and nothing else. */
export function createAgentRoutes(deps: ApiDeps) {
  const { queue } = deps;
  const app = createRoutes();
  app.use('/api/v1/agent/jobs/:id/*', ownJob);
  return app
    .openapi(claim, async (c) => {
      const claimed = await claimJob(deps, c.get('identity'), c.req.valid('json'));
      return claimed === undefined ? c.body(null, 204) : c.json(claimed, 200);
    })
    .openapi(heartbeat, async (c) => {
      const { id } = c.req.valid('param');
      const fence = toFence(c.get('identity'));
      const { wait } = c.req.valid('query');
      const answer = await deps.metrics.heartbeat(holdHeartbeat(deps, id, fence, wait, c.req.raw.signal));
      return c.json({ answer }, 200);
    })
    .openapi(step, async (c) => {
      const { id } = c.req.valid('param');
      refuseStale(await queue.step(id, toFence(c.get('identity')), c.req.valid('json')));
      return c.body(null, 204);
    })
    .openapi(workflows, async (c) => {
      const { id } = c.req.valid('param');
      const found = await toFound(deps, id, c.req.valid('json'));
      refuseStale(await queue.expand(id, toFence(c.get('identity')), found));
      return c.body(null, 204);
    })
    .openapi(log, async (c) => {
      const { id, n } = c.req.valid('param');
      const bytes = new Uint8Array(await c.req.arrayBuffer());
      const { step: name, dropped } = c.req.valid('query');
      const fence = toFence(c.get('identity'));
      const answer = await queue.appendLog(id, fence, n, name, bytes, dropped).catch(toNoRoom);
      return c.json(answer, 200);
    })
    .openapi(secrets, async (c) => {
      const { job: own } = await readJob(deps, c.req.valid('param').id);
      const answer = await openJobSecrets(deps, own.spec, c.req.valid('query').names);
      return c.json(answer, 200, { 'cache-control': 'no-store' });
    })
    .openapi(complete, async (c) => {
      const { id } = c.req.valid('param');
      const completion = c.req.valid('json');
      const answer = await queue.complete(id, toFence(c.get('identity')), completion);
      if (answer === 'done') deps.metrics.caches(completion.result?.caches ?? []);
      if (completion.endsPipeline === true && answer !== 'stale') await cancelOthers(deps, id);
      return c.json({ answer }, 200);
    });
}

/** Another status than an outage has: after a while the agent ends its job without the rest of its log. */
function toNoRoom(error: unknown): never {
  if (error instanceof QueueError && error.code === 'full')
    throw new Problem(507, 'There is no room for logs now.', { 'retry-after': '5' });
  throw error;
}

function refuseStale(answer: 'done' | 'stale'): void {
  if (answer === 'stale') throw new Problem(409, 'The job has gone on without this agent; end here.');
}
