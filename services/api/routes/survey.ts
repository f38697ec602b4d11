import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toLimit } from '../../core/access/index.ts';
import {
  agentsSchema,
  jobIdSchema,
  nameSchema,
  pipelineSchema,
  poolsSchema,
  queueSchema,
} from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { tagByBody, tagByMark } from '../etag.ts';
import { noPipeline } from '../problem.ts';
import { answers, createRoutes, notModified, refuses } from '../route.ts';

const agents = createRoute({
  method: 'get',
  path: '/api/v1/agents',
  operationId: 'listAgents',
  tags: ['Overview'],
  summary: 'Who runs what, and when it was last heard of',
  responses: {
    200: answers(
      agentsSchema,
      'At most 500; longest unheard first. A token that is limited to some repositories sees who runs their jobs.',
    ),
    ...notModified,
  },
});
const pools = createRoute({
  method: 'get',
  path: '/api/v1/pools',
  operationId: 'listPools',
  tags: ['Overview'],
  summary: 'How many jobs wait and run in each pool, and since when the oldest waits',
  responses: {
    200: answers(
      poolsSchema,
      'By name. To a token that is limited to some repositories: the numbers of their jobs.',
    ),
    ...notModified,
  },
});
const queue = createRoute({
  method: 'get',
  path: '/api/v1/queue',
  operationId: 'readQueue',
  tags: ['Overview'],
  summary: 'What waits, in the order in which it will be claimed, and what cannot be claimed yet, and why',
  request: {
    query: z.object({
      pool: nameSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
  },
  responses: {
    200: answers(
      queueSchema,
      'At most `limit` of each pool, and of those that cannot be claimed yet. To a token that is limited to some repositories: their jobs, without a place.',
    ),
    ...notModified,
  },
});
const pipeline = createRoute({
  method: 'get',
  path: '/api/v1/pipelines/{pipeline}',
  operationId: 'getPipeline',
  tags: ['Pipelines'],
  summary: 'What one event started: its jobs, what they wait for, and how it ended',
  request: { params: z.object({ pipeline: jobIdSchema }) },
  responses: {
    200: answers(pipelineSchema, 'In the order of the pipeline, without steps.'),
    ...notModified,
    ...refuses(404),
  },
});

/** The whole at a glance; for who knows some repositories only, as if there were no others. */
export function createSurveyRoutes(deps: Pick<ApiDeps, 'queue'>) {
  const app = createRoutes();
  // A heartbeat and a rise in class change these, and no job.
  app.use('/api/v1/agents', tagByBody);
  app.use('/api/v1/queue', tagByBody);
  app.use('/api/v1/pools', tagByMark(deps.queue));
  app.use('/api/v1/pipelines/:pipeline', tagByMark(deps.queue));
  return app
    .openapi(agents, async (c) => c.json(await deps.queue.agents(toLimit(c.get('identity'))), 200))
    .openapi(pools, async (c) => c.json({ pools: await deps.queue.pools(toLimit(c.get('identity'))) }, 200))
    .openapi(queue, async (c) => {
      const { pool, limit } = c.req.valid('query');
      const filter = { limit, repositories: toLimit(c.get('identity')) };
      return c.json(await deps.queue.waiting({ ...filter, ...(pool === undefined ? {} : { pool }) }), 200);
    })
    .openapi(pipeline, async (c) => {
      const { pipeline: id } = c.req.valid('param');
      const found = await deps.queue.pipelineView(id);
      if (found === undefined) throw noPipeline(id);
      return c.json(found, 200);
    });
}
