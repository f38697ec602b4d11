import { createMiddleware } from 'hono/factory';
import { isPerson, type Limit, type Verdict } from '../core/access/index.ts';
import { toNeighbourhood } from './client-address.ts';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';
import { Problem } from './problem.ts';

/**
 * A credential that is nobody's is answered 401 so many times, then 429. A good one is let in all the
 * same, however many failures came from its address: else any neighbour behind the same proxy could lock it
 * out, and a forge's signed webhook would be lost.
 */
export function limitFailures(deps: Pick<ApiDeps, 'rateLimits' | 'limits' | 'metrics' | 'address'>) {
  const limit = deps.limits.failures;
  return createMiddleware<ApiEnv>(async (c, next) => {
    await next();
    if (c.res.status !== 401 || limit === undefined) return;
    const verdict = await deps.rateLimits.take('failures', toNeighbourhood(deps.address(c)), limit);
    if (!verdict.allowed) throw refuse(deps, 'failures', limit, verdict);
  });
}

/** Not where figures and health are read: those must be there when all else is too busy. */
const unlimited = new Set(['/metrics', '/readyz', '/healthz']);

export function limitRequests(deps: Pick<ApiDeps, 'rateLimits' | 'limits' | 'metrics'>) {
  const limit = deps.limits.requests;
  return createMiddleware<ApiEnv>(async (c, next) => {
    const identity = c.get('identity');
    if (limit === undefined || identity === undefined || !isPerson(identity) || unlimited.has(c.req.path))
      return next();
    const verdict = await deps.rateLimits.take('requests', identity.actor, limit);
    if (!verdict.allowed) throw refuse(deps, 'requests', limit, verdict);
    await next();
    for (const [name, value] of Object.entries(toHeaders('requests', limit, verdict)))
      c.res.headers.set(name, value);
  });
}

function refuse(
  deps: Pick<ApiDeps, 'metrics'>,
  name: keyof ApiDeps['limits'],
  limit: Limit,
  verdict: Verdict,
): Problem {
  deps.metrics.limited(name);
  const seconds = toSeconds(verdict.waitMs);
  return new Problem(429, `Too many ${name}. Try again in ${seconds} s.`, {
    'retry-after': String(seconds),
    ...toHeaders(name, limit, verdict),
  });
}

/** draft-ietf-httpapi-ratelimit-headers: the policy, and how much of it is left, in seconds. */
function toHeaders(name: string, limit: Limit, { remaining, waitMs }: Verdict): Record<string, string> {
  const wait = waitMs === 0 ? '' : `;t=${toSeconds(waitMs)}`;
  return {
    'ratelimit-policy': `"${name}";q=${limit.burst};w=${toSeconds(limit.periodMs)}`,
    ratelimit: `"${name}";r=${remaining}${wait}`,
  };
}

function toSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}
