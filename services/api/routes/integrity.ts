import { createRoute } from '@hono/zod-openapi';
import { integritySchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { answers, createRoutes } from '../route.ts';

const audit = createRoute({
  method: 'get',
  path: '/api/v1/queue/audit',
  operationId: 'auditQueue',
  tags: ['Queue'],
  summary: 'What in the queue does not agree with its jobs; looks at every job, and holds Redis meanwhile',
  responses: { 200: answers(integritySchema, 'A line each; none where all is well.') },
});
const repair = createRoute({
  method: 'post',
  path: '/api/v1/queue/repair',
  operationId: 'repairQueue',
  tags: ['Queue'],
  summary: 'Make it agree with its jobs again',
  responses: { 200: answers(integritySchema, 'What was mended, a line each; none where all was well.') },
});

/** After damage from outside: a restored backup, an edited key. */
export function createIntegrityRoutes({ queue }: ApiDeps) {
  return createRoutes()
    .openapi(audit, async (c) => c.json({ lines: await queue.audit() }, 200))
    .openapi(repair, async (c) => c.json({ lines: await queue.repair() }, 200));
}
