import { createHmac, createSign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../../../services/api/config.ts';
import { type ApiServer, openServer } from '../../../../services/api/server.ts';
import { createSignIn, toLocalPath } from '../../../../services/api/sign-in/sign-in.ts';
import type { Session } from '../../../../services/core/job/index.ts';
import { createLog } from '../../../../services/core/log/index.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { type Browser, createBrowser } from '../../../support/cookie-jar.ts';
import {
  type IdentityProvider,
  startIdentityProvider,
  type Tamper,
} from '../../../support/identity-provider.ts';

/** Signing in over real HTTP at a real provider, with a browser's cookies. */

let url: string;
let provider: IdentityProvider;
let api: TestApi;
let server: ApiServer;
let browser: Browser;

beforeAll(async () => {
  const port = await findFreePort();
  url = `http://127.0.0.1:${port}`;
  provider = await startIdentityProvider(`${url}/sign-in/callback`);
  api = await openTestApi({ publicUrl: url, hosts: [new URL(url).host], signIn: open() });
  server = await openServer({ host: '127.0.0.1', port, fetch: api.app.fetch, graceMs: 100 });
});
afterAll(async () => {
  await server.stop();
  await api.close();
  await provider.close();
});
beforeEach(() => {
  browser = createBrowser();
});
afterEach(() => {
  provider.setTamper(undefined);
  provider.signInAs(provider.ada);
});

const log = createLog('test', 'silent');
function open(given: Record<string, string> = {}) {
  const config = apiConfigSchema.parse({
    BELLOWS_SECRETS_DIR: '/nowhere',
    BELLOWS_PUBLIC_URL: url,
    BELLOWS_OIDC_ISSUER: provider.issuer,
    BELLOWS_OIDC_CLIENT_ID: provider.client.id,
    BELLOWS_OIDC_NAME: 'gitea',
    BELLOWS_OIDC_ROLES: 'admin=group:acme:owners;trigger=group:acme:devs',
    BELLOWS_OIDC_SCOPES: 'openid profile groups',
    ...given,
  });
  return createSignIn({ ...config, clientSecret: provider.client.secret, log });
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

const isCallback = ({ pathname }: URL) => pathname === '/sign-in/callback';
/** Up to where the provider sends the browser back, which has not asked yet. */
const toCallback = async (from = browser) => (await from.follow(`${url}/sign-in`, isCallback)).url;
const session = () => browser.cookies.get('bellows_session');

test('a page that is asked for leads to the provider and back to itself, as who signed in there', async () => {
  const { url: at, response } = await browser.follow(`${url}/session?from=here`);
  expect([at.href, response?.status]).toEqual([`${url}/session?from=here`, 200]);
  const page = await response?.text();
  expect(page).toContain('<h1>ada</h1>');
  expect(page).toContain('user:gitea:7 · admin');
  expect(browser.cookies.has('bellows_sign_in')).toBe(false);
  const [found] = await api.deps.sessions.list('user:gitea:7');
  expect(found).toMatchObject({ role: 'admin', name: 'ada' });
  expect((found?.endsAt ?? 0) - (found?.createdAt ?? 0)).toBe(24 * 3_600_000);
});

test('the session cookie is opaque, and no script and no other site’s form is given it', async () => {
  const response = await browser.ask((await toCallback()).href);
  const cookie = response.headers.getSetCookie().find((line) => line.startsWith('bellows_session='));
  expect(cookie).toMatch(/^bellows_session=[\w-]{43}; Max-Age=86400; Path=\/; HttpOnly; SameSite=Lax$/);
});

test('programs are told 401, not sent to a provider', async () => {
  const page = await fetch(`${url}/`, { redirect: 'manual' });
  expect([page.status, page.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
  const asked = await browser.ask(`${url}/api/v1/jobs`);
  expect(asked.status).toBe(401);
  const out = await browser.ask(`${url}/sign-out`, { method: 'POST', headers: { origin: url } });
  expect(out.status).toBe(401);
});

test('signing out ends the session, not only its cookie', async () => {
  await browser.follow(`${url}/`);
  const spent = session();
  const out = await browser.ask(`${url}/sign-out`, { method: 'POST', headers: { origin: url } });
  expect([out.status, session()]).toEqual([200, undefined]);
  const again = await fetch(`${url}/api/v1/me`, { headers: { cookie: `bellows_session=${spent}` } });
  expect(again.status).toBe(401);
});

test('another browser of the same person can be signed out from here', async () => {
  const other = createBrowser();
  await other.follow(`${url}/`);
  await browser.follow(`${url}/session`);
  const answer = await (await browser.ask(`${url}/api/v1/sessions`)).json();
  const { sessions } = answer as { sessions: Session[] };
  const headers = { origin: url };
  const end = (id: string) => browser.ask(`${url}/sessions/${id}/end`, { method: 'POST', headers });
  for (const { id, current } of sessions) if (!current) expect((await end(id)).status).toBe(303);
  expect((await other.ask(`${url}/api/v1/me`)).status).toBe(401);
  expect((await browser.ask(`${url}/api/v1/me`)).status).toBe(200);
  expect((await end('0'.repeat(16))).status).toBe(404);
});

test('what a group may is what its person may, and who is in none stays outside', async () => {
  provider.signInAs({ sub: '8', preferred_username: 'bob', groups: ['acme:devs'] });
  await browser.follow(`${url}/`);
  expect(await (await browser.ask(`${url}/api/v1/me`)).json()).toMatchObject({
    actor: 'user:gitea:8',
    name: 'bob',
    role: 'trigger',
  });
  for (const groups of [[], ['acme'], ['acme:owners2'], ['owners']]) {
    const stranger = createBrowser();
    provider.signInAs({ sub: '9', preferred_username: 'eve', groups });
    const { response } = await stranger.follow(`${url}/`);
    const text = expect.stringContaining('nobody has given you');
    expect([response?.status, await response?.text()]).toEqual([403, text]);
    expect(stranger.cookies.has('bellows_session')).toBe(false);
  }
});

async function expectRefused(callback: URL, from = browser): Promise<void> {
  const response = await from.ask(callback.href);
  expect([response.status, from.cookies.get('bellows_session')]).toEqual([403, undefined]);
  expect(await response.text()).toContain('href="/sign-in"');
}

test('a state that this browser did not begin with is refused: a link cannot sign anybody in', async () => {
  const wrong = await toCallback();
  wrong.searchParams.set('state', 'A'.repeat(43));
  await expectRefused(wrong);
  const missing = await toCallback();
  missing.searchParams.delete('state');
  await expectRefused(missing);
  await expectRefused(await toCallback(), createBrowser());
});

test('a code is good once, and for the browser that began only', async () => {
  const callback = await toCallback();
  const kept = browser.cookies.get('bellows_sign_in') ?? '';
  await browser.ask(callback.href);
  expect(session()).toBeDefined();
  const thief = createBrowser();
  thief.cookies.set('bellows_sign_in', kept);
  await expectRefused(callback, thief);
  // Somebody else's code with one's own state: the verifier is another.
  const [mine, theirs] = [createBrowser(), await toCallback(createBrowser())];
  const mixed = await toCallback(mine);
  mixed.searchParams.set('code', theirs.searchParams.get('code') ?? '');
  await expectRefused(mixed, mine);
});

test('an answer in the name of another issuer is refused', async () => {
  const callback = await toCallback();
  callback.searchParams.set('iss', 'https://evil.example');
  await expectRefused(callback);
});

const decode = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString());
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
/** Other claims, truly signed by the provider. */
const claiming =
  (change: (claims: Record<string, unknown>) => object): Tamper =>
  (token, key) => {
    const [header, claims] = token.split('.');
    const signed = `${header}.${encode(change(decode(claims)))}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(key.private, 'base64url')}`;
  };
const seconds = () => Math.floor(Date.now() / 1000);
const forged: Record<string, Tamper> = {
  'another nonce': claiming((claims) => ({ ...claims, nonce: 'another' })),
  'no nonce': claiming(({ nonce: _, ...claims }) => claims),
  'another audience': claiming((claims) => ({ ...claims, aud: 'another' })),
  'an audience of several, for another': claiming((claims) => ({
    ...claims,
    aud: [provider.client.id, 'another'],
    azp: 'another',
  })),
  'another issuer': claiming((claims) => ({ ...claims, iss: 'https://evil.example' })),
  'no subject': claiming(({ sub: _, ...claims }) => claims),
  'no end': claiming(({ exp: _, ...claims }) => claims),
  'an end two minutes ago': claiming((claims) => ({ ...claims, exp: seconds() - 120 })),
  'a beginning in two minutes': claiming((claims) => ({ ...claims, nbf: seconds() + 120 })),
  'no signature, as alg none has it': (token) => `${encode({ alg: 'none' })}.${token.split('.')[1]}.`,
  'a bent signature': (token) => `${token.slice(0, -6)}AAAAAA`,
  'the signature of another text': (token) => {
    const [header, claims, signature] = token.split('.');
    return `${header}.${encode({ ...decode(claims), sub: '1' })}.${signature}`;
  },
  'HS256 under the public key': (token, key) => {
    const signed = `${encode({ alg: 'HS256', kid: 'k1' })}.${token.split('.')[1]}`;
    const secret = key.public.export({ type: 'spki', format: 'pem' });
    return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
  },
  'HS256 under the client secret': (token) => {
    const signed = `${encode({ alg: 'HS256' })}.${token.split('.')[1]}`;
    return `${signed}.${createHmac('sha256', provider.client.secret).update(signed).digest('base64url')}`;
  },
};
test.each(Object.entries(forged))('an ID token with %s signs nobody in', async (_, tamper) => {
  const callback = await toCallback();
  provider.setTamper(tamper);
  await expectRefused(callback);
});

test('a token as it should be is not refused for clocks that differ by less than a minute', async () => {
  const callback = await toCallback();
  provider.setTamper(claiming((claims) => ({ ...claims, nbf: seconds() + 40, exp: seconds() - 40 })));
  expect((await browser.ask(callback.href)).status).toBe(303);
});

test('signing in leads nowhere but to our own pages', async () => {
  const evil = 'evil.example';
  for (const to of [
    `//${evil}`,
    `https://${evil}`,
    `/\\${evil}`,
    '/%0d%0aset-cookie:x',
    'javascript:alert(1)',
  ]) {
    const from = `${url}/sign-in?to=${encodeURIComponent(to)}`;
    const { url: at } = await createBrowser().follow(from, ({ host }) => host === evil);
    expect(at.host).toBe(new URL(url).host);
  }
  expect(toLocalPath('/device?user_code=BCDF-GHJK')).toBe('/device?user_code=BCDF-GHJK');
  for (const text of ['', 'jobs', '//x', '/\\x', '/a b', '/a\n', '/@x:y'])
    expect(toLocalPath(text)).toBe('/');
});

test('while the provider is away sign-in says so, all else goes on, and it is looked up anew', async () => {
  const late = await openTestApi({ signIn: open() });
  provider.setDown(true);
  const away = await late.ask('/sign-in');
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '5']);
  expect((await late.admin('/api/v1/jobs')).status).toBe(200);
  provider.setDown(false);
  expect((await late.ask('/sign-in')).status).toBe(303);
  provider.setDown(true);
  const kept = (await late.ask('/sign-in')).headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { state } = JSON.parse(decodeURIComponent(kept.slice(kept.indexOf('=') + 1)));
  const back = await late.ask(`/sign-in/callback?code=x&state=${state}&iss=${provider.issuer}`, {
    headers: { cookie: kept },
  });
  expect(back.status).toBe(503);
  provider.setDown(false);
  await late.close();
});

test('where no provider or no client secret is set nobody signs in, and the page says what is missing', async () => {
  const config = { BELLOWS_SECRETS_DIR: '/nowhere', BELLOWS_OIDC_ISSUER: provider.issuer };
  const unset = createSignIn({ ...apiConfigSchema.parse(config), clientSecret: undefined, log });
  await expect(unset?.begin('/')).rejects.toThrow('oidc-client-secret');
  const none = apiConfigSchema.parse({ BELLOWS_SECRETS_DIR: '/nowhere' });
  expect(createSignIn({ ...none, clientSecret: 'x', log })).toBeUndefined();
  const plain = await openTestApi();
  const page = await plain.ask('/sign-in', { headers: { accept: 'text/html' } });
  expect([page.status, await page.text()]).toEqual([404, expect.stringContaining('bellows open')]);
  await plain.close();
});

test('a provider whose discovery ends its name with a slash, and whose tokens do not, signs people in', async () => {
  provider.setSlashed(true);
  const callback = new URL(await toCallback());
  const attempt = browser.cookies.get('bellows_sign_in') ?? '';
  const signIn = open();
  await signIn?.begin('/');
  provider.setSlashed(false);
  const { person } = (await signIn?.finish(callback.searchParams, decodeURIComponent(attempt))) ?? {};
  expect(person).toMatchObject({ actor: 'user:gitea:7', role: 'admin' });
});

test('claims that the provider keeps out of the ID token are asked of it', async () => {
  provider.setStrict();
  provider.asked.length = 0;
  await browser.follow(`${url}/`);
  expect(provider.asked).toContain('/me');
  expect(await (await browser.ask(`${url}/api/v1/me`)).json()).toMatchObject({ role: 'admin' });
});
