import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toSessionId } from '../../core/access/index.ts';
import { meSchema, sessionSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { toPerson } from '../person.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses } from '../route.ts';
import { readSessionCookie } from '../session-cookie.ts';

const me = createRoute({
  method: 'get',
  path: '/api/v1/me',
  operationId: 'whoAmI',
  tags: ['Access'],
  summary: 'Whose credential this is, and what it may',
  responses: { 200: answers(meSchema, 'Who asks.') },
});
const list = createRoute({
  method: 'get',
  path: '/api/v1/sessions',
  operationId: 'listSessions',
  tags: ['Access'],
  summary: 'Browsers that are signed in: an admin sees all, others their own',
  responses: { 200: answers(z.object({ sessions: z.array(sessionSchema) }), 'The newest first.') },
});
const end = createRoute({
  method: 'delete',
  path: '/api/v1/sessions/{session}',
  operationId: 'endSession',
  tags: ['Access'],
  summary: 'Sign a browser out: an admin any, others their own',
  request: { params: z.object({ session: sessionSchema.shape.id }) },
  responses: { ...refuses(404), 204: { description: 'It is signed out.' } },
});

/** Who asks, and which browsers are signed in. */
export function createSessionRoutes(deps: ApiDeps) {
  return createRoutes()
    .openapi(me, (c) => {
      const { actor, name, role, repositories, token, expiresAt } = toPerson(c.get('identity'));
      const limit = repositories === undefined ? undefined : [...repositories];
      return c.json({ actor, name, role, repositories: limit, token, expiresAt }, 200);
    })
    .openapi(list, async (c) => {
      const cookie = readSessionCookie(c, deps);
      const current = cookie === undefined ? undefined : toSessionId(cookie);
      const sessions = await deps.sessions.list(toOwner(toPerson(c.get('identity'))));
      return c.json({ sessions: sessions.map((each) => ({ ...each, current: each.id === current })) }, 200);
    })
    .openapi(end, async (c) => {
      const { session } = c.req.valid('param');
      if (!(await deps.sessions.end(session, toOwner(toPerson(c.get('identity'))))))
        throw new Problem(404, `There is no session ${session}.`);
      return c.body(null, 204);
    });
}

/** Whose sessions this person may see: everybody's, or only the own. */
function toOwner({ role, actor }: { role: string; actor: string }): string | undefined {
  return role === 'admin' ? undefined : actor;
}
