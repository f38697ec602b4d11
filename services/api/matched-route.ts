import type { Context } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { ApiEnv, MatchedRoute } from './env.ts';

/** Looked up once for each request. Undefined where nothing answers. */
export function toMatchedRoute(c: Context<ApiEnv>): MatchedRoute | undefined {
  const known = c.get('route');
  if (known !== undefined) return known ?? undefined;
  const found = matchedRoutes(c).findLast(({ method }) => method !== 'ALL');
  c.set('route', found ?? null);
  return found;
}
