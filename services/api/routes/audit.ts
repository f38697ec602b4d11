import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { auditPageSchema } from '../../core/audit/index.ts';
import type { ApiDeps } from '../deps.ts';
import { answers, createRoutes } from '../route.ts';

const number = z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const read = createRoute({
  method: 'get',
  path: '/api/v1/audit',
  operationId: 'readAudit',
  tags: ['Access'],
  summary: 'Who changed what: newest first, or oldest first after a record',
  request: {
    query: z.object({
      before: number.min(1).default(Number.MAX_SAFE_INTEGER),
      after: number.optional(),
      limit: z.coerce.number().int().min(1).max(500).default(100),
    }),
  },
  responses: {
    200: answers(
      auditPageSchema,
      'Records as they were hashed. Each hash is sha256 of the hash before, 64 hex digits, and the text.',
    ),
  },
});

/** The audit log, for those who check it as for those who read it. */
export function createAuditRoutes({ audit }: Pick<ApiDeps, 'audit'>) {
  return createRoutes().openapi(read, async (c) => {
    const { before, after, limit } = c.req.valid('query');
    // Who reads wants to see the refusals of this minute too.
    await audit.writeRefusals();
    return c.json(await audit.read(after === undefined ? { before, limit } : { after, limit }), 200);
  });
}
