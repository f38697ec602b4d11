import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ApiDeps } from './deps.ts';
import type { ApiEnv } from './env.ts';

type Deps = Pick<ApiDeps, 'publicUrl'>;

/**
 * Lax, not Strict: a link from a forge's commit status must open, and so must the way back from an identity
 * provider. Behind https its name keeps sibling hosts from setting it (RFC 6265bis, 4.1.3.2).
 */
function toCookie({ publicUrl }: Deps) {
  const secure = publicUrl.startsWith('https:');
  return {
    name: secure ? '__Host-bellows_session' : 'bellows_session',
    attributes: { httpOnly: true, sameSite: 'Lax', secure, path: '/' },
  } as const;
}

export function setSessionCookie(c: Context<ApiEnv>, deps: Deps, value: string, lastsMs: number): void {
  const { name, attributes } = toCookie(deps);
  setCookie(c, name, value, { ...attributes, maxAge: lastsMs / 1000 });
}

export function forgetSessionCookie(c: Context<ApiEnv>, deps: Deps): void {
  const { name, attributes } = toCookie(deps);
  deleteCookie(c, name, attributes);
}

/**
 * What the browser sent, where it may count. A request that changes something counts only when it says that
 * it comes from one of our pages: the door has refused every other `Origin`, and all browsers send it then.
 */
export function readSessionCookie(c: Context<ApiEnv>, deps: Deps): string | undefined {
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD';
  if (!reads && c.req.header('origin') === undefined) return undefined;
  return getCookie(c, toCookie(deps).name);
}
