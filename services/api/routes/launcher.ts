import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import {
  claimTokenSchema,
  nameSchema,
  pageCodeRequestSchema,
  pageCodeSchema,
  reconciledSchema,
  repositoryIdSchema,
} from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses, takes } from '../route.ts';

const claimToken = createRoute({
  method: 'post',
  path: '/api/v1/claim-tokens',
  operationId: 'createClaimToken',
  tags: ['Machines'],
  summary: 'A credential for one agent to claim one job, within a minute',
  request: { body: takes(z.strictObject({ pool: nameSchema })) },
  responses: { 200: answers(claimTokenSchema, 'Shown this once.') },
});
const pageCode = createRoute({
  method: 'post',
  path: '/api/v1/page-codes',
  operationId: 'createPageCode',
  tags: ['Machines'],
  summary: 'An address that opens a page once, within five minutes',
  request: { body: takes(pageCodeRequestSchema) },
  responses: { 200: answers(pageCodeSchema, 'For one browser.') },
});
const lost = createRoute({
  method: 'post',
  path: '/api/v1/agents/{agent}/lost',
  operationId: 'reportLostAgent',
  tags: ['Machines'],
  summary: 'The parent of an agent saw it die',
  request: {
    params: z.object({ agent: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/) }),
    body: takes(z.strictObject({ reason: z.string().min(1).max(2000) })),
  },
  responses: { ...refuses(404), 204: { description: 'Its job goes to another agent.' } },
});
const reconcile = createRoute({
  method: 'post',
  path: '/api/v1/reconcile',
  operationId: 'reconcile',
  tags: ['Machines'],
  summary: 'Ask the forges where their refs stand, and make the events that no webhook told',
  request: { body: takes(z.strictObject({ repository: repositoryIdSchema.optional() })) },
  responses: { ...refuses(404, 502), 200: answers(reconciledSchema, 'What was made.') },
});

/** What the parent of the agents asks for. */
export function createLauncherRoutes(deps: ApiDeps) {
  return createRoutes()
    .openapi(claimToken, async (c) =>
      c.json({ token: await deps.claimTokens.issue(c.req.valid('json').pool) }, 200),
    )
    .openapi(pageCode, async (c) => {
      const { path } = c.req.valid('json');
      return c.json({ url: `${deps.publicUrl}${path}?code=${await deps.pageCodes.issue(path)}` }, 200);
    })
    .openapi(lost, async (c) => {
      const { agent } = c.req.valid('param');
      const answer = await deps.queue.lost(agent, c.req.valid('json').reason);
      if (answer === 'unknown') throw new Problem(404, `Agent ${agent} runs no job.`);
      return c.body(null, 204);
    })
    .openapi(reconcile, async (c) => c.json(await deps.reconciler.run(c.req.valid('json').repository), 200));
}
