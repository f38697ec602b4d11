import { createMiddleware } from 'hono/factory';
import {
  apiTokenPattern,
  claimTokenPattern,
  type Identity,
  isToken,
  reaches,
  readCacheToken,
  readJobToken,
} from '../core/access/index.ts';
import { accessRules } from './access-rules.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';
import { toMatchedRoute } from './matched-route.ts';
import { Problem, unauthorized } from './problem.ts';
import { checkLimit } from './repository-limit.ts';
import { readSessionCookie } from './session-cookie.ts';

/**
 * Lets in who the rules name for the route, and nobody else: without a credential, or with one that is
 * nobody's, 401; with one that may not do this, 403.
 */
export function authenticate(deps: ApiDeps) {
  const rules = deps.openReadyz ? { ...accessRules, 'GET /readyz': 'open' as const } : accessRules;
  return createMiddleware<ApiEnv>(async (c, next) => {
    const matched = toMatchedRoute(c);
    const route = matched === undefined ? '' : `${matched.method} ${matched.path}`;
    const rule = rules[route];
    if (rule === 'open') return next();

    const header = c.req.header('authorization');
    const identity =
      header === undefined
        ? await toBrowser(deps, readSessionCookie(c, deps))
        : await toIdentity(deps, /^Bearer ([A-Za-z0-9._-]{1,200})$/.exec(header)?.[1], matched?.path);
    if (identity === undefined) throw unauthorized();
    // Who is refused is known by name where refusals are counted.
    if (identity !== 'expired') c.set('identity', identity);
    if (
      identity === 'expired' ||
      (rule !== undefined && !rule.some((wanted) => reaches(identity.role, wanted)))
    )
      throw new Problem(403, 'This credential is not, or no longer, good for this.');
    if (rule === undefined) throw new Problem(404, `There is no ${c.req.method} ${c.req.path}.`);
    await checkLimit(deps, identity, route, c.req.path);
    return next();
  });
}

async function toIdentity(
  deps: ApiDeps,
  token: string | undefined,
  path: string | undefined,
): Promise<Identity | 'expired' | undefined> {
  if (token === undefined) return undefined;
  if (apiTokenPattern.test(token)) return deps.apiTokens.find(token);
  const { roles } = deps.secrets;
  for (const role of ['admin', 'launcher', 'metrics'] as const) {
    const hash = roles[role];
    if (hash !== undefined && isToken(token, hash))
      return role === 'admin' ? { role, actor: 'admin-token' } : { role };
  }
  const cached = readCacheToken(token, deps.secrets.cloneKey);
  if (cached !== undefined) return { role: 'cache', job: cached };
  if (claimTokenPattern.test(token)) return { role: 'claim', token };
  const named = readJobToken(token);
  if (named === undefined) return undefined;
  // Only the end of a job may be told again after it: its answer may have been lost.
  const settled = path?.endsWith('/complete') === true;
  const fence = await deps.queue.authenticate(named.job, named.hash, settled);
  return fence === undefined ? 'expired' : { role: 'job', job: named.job, fence };
}

async function toBrowser(deps: ApiDeps, cookie: string | undefined): Promise<Identity | undefined> {
  return cookie === undefined ? undefined : deps.sessions.find(cookie);
}
