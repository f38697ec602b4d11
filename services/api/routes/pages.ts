import { randomBytes } from 'node:crypto';
import { Hono } from 'hono';
import { createMiddleware } from 'hono/factory';
import { type Identity, isPerson, toActor, toLimit } from '../../core/access/index.ts';
import { jobIdSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { toEventStream } from '../event-stream.ts';
import { parseLogPosition } from '../log-text.ts';
import { pagePolicy, toArtifactsPage, toIndexPage, toJobPage } from '../page/html.ts';
import { followPage } from '../page/live.ts';
import { readPageLog } from '../page/log.ts';
import { Problem } from '../problem.ts';
import { setSessionCookie } from '../session-cookie.ts';
import { readJob } from './jobs.ts';

const indexLength = 50;
/** A week: who looks at jobs each day need not ask a terminal each day. */
const pageSessionMs = 7 * 24 * 3_600_000;

/** The pages: the newest jobs, one job with its steps and its live log, and the files that it kept. */
export function createPageRoutes(deps: ApiDeps) {
  const app = new Hono<ApiEnv>();
  const policy = createMiddleware(async (c, next) => {
    await next();
    c.header('content-security-policy', pagePolicy);
  });
  return app
    .get('/', policy, async (c) => {
      const identity = c.get('identity');
      const { jobs } = await deps.queue.jobs({ limit: indexLength, repositories: toLimit(identity) });
      return c.html(toIndexPage(jobs, toName(identity)));
    })
    .get('/jobs/:id', policy, async (c) => {
      const answer = await readJob(deps, toId(c.req.param('id')));
      const log = await readPageLog(deps.queue, answer.job.id);
      return c.html(toJobPage(answer, log, toName(c.get('identity'))));
    })
    .get('/jobs/:id/artifacts', policy, async (c) => {
      const { job } = await readJob(deps, toId(c.req.param('id')));
      const artifacts = await deps.artifacts.list(job.id);
      return c.html(toArtifactsPage(job, artifacts, toName(c.get('identity'))));
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
    if (await deps.pageCodes.redeem(code, c.req.path)) {
      // Each browser somebody of its own: nobody knows who sits there.
      const person = { role: 'view', actor: `page-code:${randomBytes(4).toString('hex')}` } as const;
      const action = `GET ${c.req.path}`;
      const who = { actor: person.actor, action, target: c.req.path, address: deps.address(c) };
      await deps.audit.append({ event: 'signed in', ...who });
      const session = { person, idleMs: pageSessionMs, lastsMs: pageSessionMs };
      setSessionCookie(c, deps, await deps.sessions.start(session), pageSessionMs);
    }
    // As it was sent: what is decoded may hold what a header cannot.
    return c.redirect(new URL(c.req.url).pathname, 303);
  });
}

/** Of a person, as people know them. */
function toName(identity: Identity): string | undefined {
  return isPerson(identity) ? (identity.name ?? identity.actor) : undefined;
}

function toId(given: string): string {
  const id = jobIdSchema.safeParse(given);
  if (!id.success) throw new Problem(404, 'There is no such job.');
  return id.data;
}
