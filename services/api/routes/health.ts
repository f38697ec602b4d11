import { createRoute } from '@hono/zod-openapi';
import type { ApiDeps } from '../deps.ts';
import { metricsType } from '../metrics-listener.ts';
import { answersText, createRoutes } from '../route.ts';

const health = createRoute({
  method: 'get',
  path: '/healthz',
  operationId: 'isAlive',
  tags: ['Operations'],
  summary: 'Whether the api lives',
  responses: { 200: answersText('text/plain', 'It does.') },
});
const ready = createRoute({
  method: 'get',
  path: '/readyz',
  operationId: 'isReady',
  tags: ['Operations'],
  summary: 'Whether the api can keep its promise',
  responses: {
    200: answersText('text/plain', 'It can.'),
    503: answersText('text/plain', 'It cannot; a line for each reason.'),
  },
});
const figures = createRoute({
  method: 'get',
  path: '/metrics',
  operationId: 'getMetrics',
  tags: ['Operations'],
  summary: 'Its figures, for Prometheus',
  responses: { 200: answersText('text/plain', 'Prometheus text, version 0.0.4.') },
});

/** Whether the api lives, whether it can keep its promise, and its figures. */
export function createHealthRoutes(deps: ApiDeps) {
  return createRoutes()
    .openapi(health, (c) => c.text('ok\n'))
    .openapi(ready, async (c) => {
      const faults = deps.draining.aborted ? ['the api is stopping'] : await deps.faults();
      // Who came without a credential learns whether, not why.
      const lines = c.get('identity') === undefined ? [faults.length === 0 ? 'ready' : 'not ready'] : faults;
      return c.text(`${lines.length === 0 ? 'ready' : lines.join('\n')}\n`, faults.length === 0 ? 200 : 503);
    })
    .openapi(figures, async (c) => c.text(await deps.metrics.render(), 200, { 'content-type': metricsType }));
}
