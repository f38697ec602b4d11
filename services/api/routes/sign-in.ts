import { type Context, Hono } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { toActor, toSessionId } from '../../core/access/index.ts';
import { sessionSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { formPolicy, toSessionPage, toSignedOutPage } from '../page/account.ts';
import { toPerson } from '../person.ts';
import { Problem } from '../problem.ts';
import { forgetSessionCookie, readSessionCookie, setSessionCookie } from '../session-cookie.ts';
import type { SignIn } from '../sign-in/sign-in.ts';

const hourMs = 3_600_000;
const minuteMs = 60_000;
/** After a day the provider is asked anew, so that who loses a group there loses the role here. */
const sessionTimes = { idleMs: 8 * hourMs, lastsMs: 24 * hourMs };
/** For the provider's own pages. */
const attemptMs = 10 * minuteMs;

/** Signing in at the identity provider, and out. */
export function createSignInRoutes(deps: ApiDeps) {
  const provider = (): SignIn => {
    if (deps.signIn !== undefined) return deps.signIn;
    throw new Problem(
      404,
      'No identity provider is set (BELLOWS_OIDC_ISSUER). `bellows open` prints a link that opens a page.',
    );
  };
  // It comes back from another site: Lax. It opens nothing.
  const secure = deps.publicUrl.startsWith('https:');
  const attempt = secure ? '__Host-bellows_sign_in' : 'bellows_sign_in';
  const attributes = { httpOnly: true, sameSite: 'Lax', secure, path: '/' } as const;

  return new Hono<ApiEnv>()
    .get('/sign-in', async (c) => {
      const { address, kept } = await provider().begin(c.req.query('to') ?? '/');
      setCookie(c, attempt, kept, { ...attributes, maxAge: attemptMs / 1000 });
      return c.redirect(address, 303);
    })
    .get('/sign-in/callback', async (c) => {
      const kept = getCookie(c, attempt) ?? '';
      deleteCookie(c, attempt, attributes);
      const { person, to } = await provider().finish(new URL(c.req.url).searchParams, kept);
      const who = { actor: toActor(person), action: 'GET /sign-in/callback', address: deps.address(c) };
      await deps.audit.append({ event: 'signed in', ...who, target: `a browser, as ${person.role}` });
      const before = readSessionCookie(c, deps);
      if (before !== undefined) await deps.sessions.end(toSessionId(before));
      const cookie = await deps.sessions.start({ person, ...sessionTimes });
      setSessionCookie(c, deps, cookie, sessionTimes.lastsMs);
      return c.redirect(to, 303);
    })
    .post('/sign-out', async (c) => {
      const cookie = readSessionCookie(c, deps);
      if (cookie !== undefined) await deps.sessions.end(toSessionId(cookie));
      forgetSessionCookie(c, deps);
      return toFormPage(c, toSignedOutPage(deps.signIn !== undefined));
    })
    .get('/session', async (c) => {
      const person = toPerson(c.get('identity'));
      const cookie = readSessionCookie(c, deps);
      const current = cookie === undefined ? '' : toSessionId(cookie);
      const sessions = cookie === undefined ? [] : await deps.sessions.list(person.actor);
      const shown = sessions.map((each) => ({ ...each, current: each.id === current }));
      return toFormPage(c, toSessionPage(person, shown, Date.now()));
    })
    .post('/sessions/:session/end', async (c) => {
      const id = sessionSchema.shape.id.safeParse(c.req.param('session'));
      if (!id.success || !(await deps.sessions.end(id.data, toPerson(c.get('identity')).actor)))
        throw new Problem(404, 'There is no such session.');
      return c.redirect('/session', 303);
    });
}

/** Where a referrer is withheld from ourselves too, a browser says of its own form that it comes from `null`. */
export function toFormPage(c: Context<ApiEnv>, page: Parameters<typeof c.html>[0]) {
  c.header('content-security-policy', formPolicy);
  c.header('referrer-policy', 'same-origin');
  return c.html(page);
}
