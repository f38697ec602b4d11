import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { jobAnswerSchema, jobPageSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, jobParams, refuses } from '../route.ts';
import { readJob } from './jobs.ts';

const list = createRoute({
  method: 'get',
  path: '/api/v1/dead-letters',
  operationId: 'listDeadLetters',
  tags: ['Jobs'],
  summary: 'Jobs that were given up, with their reasons, the last one first',
  request: {
    query: z.object({
      limit: z.coerce.number().int().min(1).max(200).default(50),
      cursor: z.string().max(200).optional(),
    }),
  },
  responses: {
    ...refuses(422),
    200: answers(jobPageSchema, 'A page; `event` is where the events go on from.'),
  },
});
const requeue = createRoute({
  method: 'post',
  path: '/api/v1/jobs/{id}/requeue',
  operationId: 'requeueJob',
  tags: ['Jobs'],
  summary: 'Put a job that was given up back into the queue, with all its tries',
  request: { params: jobParams },
  responses: { ...refuses(404, 409), 200: answers(jobAnswerSchema, 'The job as it is now.') },
});

/** What the queue gave up, and the way back. */
export function createDeadLetterRoutes(deps: ApiDeps) {
  const { queue } = deps;
  return createRoutes()
    .openapi(list, async (c) => c.json(await queue.deadLetters(c.req.valid('query')), 200))
    .openapi(requeue, async (c) => {
      const { id } = c.req.valid('param');
      const answer = await queue.requeue(id);
      const after = await readJob(deps, id);
      if (answer === 'not-dead')
        throw new Problem(409, `Job ${id} is ${after.job.state}; only a dead one goes back into the queue.`);
      return c.json(after, 200);
    });
}
