import { Hono } from 'hono';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';

/** Whether the api lives, whether it can keep its promise, and its figures. */
export function createHealthRoutes(deps: ApiDeps) {
  return new Hono<ApiEnv>()
    .get('/healthz', (c) => c.text('ok\n'))
    .get('/readyz', async (c) => {
      const faults = deps.stopping.aborted ? ['the api is stopping'] : await deps.faults();
      // Who came without a credential learns whether, not why.
      const lines = c.get('identity') === undefined ? [faults.length === 0 ? 'ready' : 'not ready'] : faults;
      return c.text(`${lines.length === 0 ? 'ready' : lines.join('\n')}\n`, faults.length === 0 ? 200 : 503);
    })
    .get('/metrics', async (c) =>
      c.text(await deps.metrics.render(), 200, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      }),
    );
}
