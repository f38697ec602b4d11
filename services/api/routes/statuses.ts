import { createRoute } from '@hono/zod-openapi';
import { statusesSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { answers, createRoutes } from '../route.ts';

const list = createRoute({
  method: 'get',
  path: '/api/v1/statuses',
  operationId: 'listStatuses',
  tags: ['Operations'],
  summary: 'Commit statuses that forges are still to be told, and those that they would not take',
  responses: { 200: answers(statusesSchema, 'By forge, and the refused ones, the newest first.') },
});

/** What became of what forges are told. */
export function createStatusRoutes({ outbox }: Pick<ApiDeps, 'outbox'>) {
  return createRoutes().openapi(list, async (c) => {
    const [forges, untold] = await Promise.all([outbox.state(), outbox.untold()]);
    return c.json({ forges, untold }, 200);
  });
}
