import { Hono } from 'hono';
import { setCookie } from 'hono/cookie';
import { createMiddleware } from 'hono/factory';
import { sessionMs, toActor } from '../../core/access/index.ts';
import { jobIdSchema } from '../../core/job/index.ts';
import { sessionCookie } from '../authenticate.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { toEventStream } from '../event-stream.ts';
import { parseLogPosition } from '../log-text.ts';
import { pagePolicy, toIndexPage, toJobPage } from '../page/html.ts';
import { followPage } from '../page/live.ts';
import { readPageLog } from '../page/log.ts';
import { Problem } from '../problem.ts';
import { readJob } from './jobs.ts';

const indexLength = 50;

/** The two pages: the newest jobs, and one job with its steps and its live log. */
export function createPageRoutes(deps: ApiDeps) {
  const app = new Hono<ApiEnv>();
  const policy = createMiddleware(async (c, next) => {
    await next();
    c.header('content-security-policy', pagePolicy);
  });
  return app
    .get('/', policy, async (c) => c.html(toIndexPage((await deps.queue.jobs({ limit: indexLength })).jobs)))
    .get('/jobs/:id', policy, async (c) => {
      const { job } = await readJob(deps, toId(c.req.param('id')));
      return c.html(toJobPage(job, await readPageLog(deps.queue, job.id)));
    })
    .get('/jobs/:id/live', async (c) => {
      const id = toId(c.req.param('id'));
      await readJob(deps, id);
      const from = parseLogPosition(c.req.header('last-event-id') ?? c.req.query('from'));
      return toEventStream({
        ...deps,
        leave: deps.slots(toActor(c.get('identity'))),
        messages: (signal) => followPage(deps, id, from, signal),
      });
    });
}

/**
 * A code from a terminal becomes a session, once, and leaves the address bar. The cookie is Lax, not
 * Strict: a link from a forge's commit status must open, and a session can only look.
 *
 * Who comes with a spent code may still have a session, so the page is asked for without it in any case.
 */
export function redeemCode(deps: ApiDeps) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const code = c.req.query('code');
    if (code === undefined || c.req.method !== 'GET') return next();
    const session = await deps.pages.redeem(code, c.req.path);
    if (session !== undefined)
      setCookie(c, sessionCookie, session, {
        httpOnly: true,
        sameSite: 'Lax',
        secure: deps.publicUrl.startsWith('https:'),
        path: '/',
        maxAge: sessionMs / 1000,
      });
    return c.redirect(c.req.path, 303);
  });
}

function toId(given: string): string {
  const id = jobIdSchema.safeParse(given);
  if (!id.success) throw new Problem(404, 'There is no such job.');
  return id.data;
}
