import type { Context } from 'hono';

import { createMiddleware } from 'hono/factory';
import { type Identity, isPerson, toActor } from '../core/access/index.ts';

import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';
import { toMatchedRoute } from './matched-route.ts';
import { readSessionCookie } from './session-cookie.ts';

const longest = 300;

/**
 * Writes down who changes what: before the change, so that none is made that nobody can see, and after it,
 * with the answer. Where the first cannot be written nothing is changed; where only the second cannot, the
 * log of the api says so, and the record of the beginning stands alone.
 */
export function auditChanges(deps: Pick<ApiDeps, 'audit' | 'address' | 'log'>) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const identity = c.get('identity');
    const action = toAction(c);
    if (identity === undefined || !isAudited(identity, action)) return next();
    const who = { actor: toActor(identity).slice(0, longest), action, address: deps.address(c) };
    const path = c.req.path.slice(0, longest);
    const of = await deps.audit.append({ event: 'begun', ...who, target: path });
    await next();
    const ended = { ...who, target: c.get('about')?.slice(0, longest) ?? path, status: c.res.status, of };
    await deps.audit
      .append({ event: 'ended', ...ended })
      .catch((err: unknown) =>
        deps.log.error({ err, ...ended }, 'the end of a change is not in the audit log'),
      );
  });
}

/**
 * Counts who was refused, and what: a person or machine that may not (403), and a credential that is
 * nobody's (401). Who brought none at all is a passer-by. Webhooks have figures of their own.
 */
export function auditRefusals(deps: Pick<ApiDeps, 'audit' | 'address' | 'publicUrl'>) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    await next();
    const { status } = c.res;
    const identity = c.get('identity');
    const tried = c.req.header('authorization') !== undefined || readSessionCookie(c, deps) !== undefined;
    if (c.req.path.startsWith('/webhooks/')) return;
    if (!(status === 403 && identity !== undefined) && !((status === 401 || status === 403) && tried)) return;
    const actor = identity === undefined ? 'nobody' : toActor(identity).slice(0, longest);
    // The pattern and not the path, which has no end of values.
    await deps.audit.refuse({ actor, action: toAction(c), target: '', address: deps.address(c), status });
  });
}

/** What machines do by themselves all day is in the history of jobs; what a launcher registers is not. */
function isAudited(identity: Identity, action: string): boolean {
  if (action.startsWith('GET ')) return false;
  return (
    isPerson(identity) || (identity.role === 'launcher' && action.startsWith('PUT /api/v1/repositories/'))
  );
}

function toAction(c: Context<ApiEnv>): string {
  const route = toMatchedRoute(c);
  return route === undefined ? `${c.req.method} none` : `${route.method} ${route.path}`;
}
