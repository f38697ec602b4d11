import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestApi, publicUrl, type TestApi } from '../../../support/api.ts';

const grant = 'urn:ietf:params:oauth:grant-type:device_code';
const signIn = {
  name: 'gitea',
  begin: () => Promise.reject(new Error('not asked here')),
  finish: () => Promise.reject(new Error('not asked here')),
};

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ signIn });
});
afterAll(() => api.close());

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  api.ask(path, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
const start = async (fields = {}) =>
  (await (
    await post('/oauth/device_authorization', { client_id: 'bellows', device: 'ada@laptop', ...fields })
  ).json()) as Record<string, string>;
const poll = async (code = '') =>
  (
    await post('/oauth/token', { client_id: 'bellows', grant_type: grant, device_code: code })
  ).json() as Promise<Record<string, string>>;
async function toCookie(role: 'view' | 'trigger' | 'admin', actor = 'user:gitea:7'): Promise<string> {
  const person = { actor, role, name: 'ada' };
  return `bellows_session=${await api.deps.sessions.start({ person, idleMs: 60_000, lastsMs: 60_000 })}`;
}
const answer = (userCode: string, cookie: string, said = 'allow', headers: Record<string, string> = {}) =>
  post('/device', { user_code: userCode, answer: said }, { cookie, origin: publicUrl, ...headers });

test('a terminal gets a token of the person who confirms its code, with at most their role', async () => {
  const cookie = await toCookie('trigger');
  const asked = await start({ scope: 'admin' });
  expect(asked).toMatchObject({
    verification_uri: `${publicUrl}/device`,
    verification_uri_complete: `${publicUrl}/device?user_code=${asked.user_code}`,
    expires_in: 600,
    interval: 5,
  });
  const page = await api.ask(`/device?user_code=${asked.user_code?.toLowerCase()}`, { headers: { cookie } });
  const text = await page.text();
  for (const shown of ['ada@laptop', asked.user_code, 'the role trigger', 'as ada'])
    expect(text).toContain(shown);
  expect(page.headers.get('content-security-policy')).toContain("form-action 'self'");
  expect(page.headers.get('referrer-policy')).toBe('same-origin');
  expect((await answer(asked.user_code ?? '', cookie)).status).toBe(200);
  const given = await poll(asked.device_code);
  expect(given).toMatchObject({ token_type: 'Bearer', scope: 'trigger', expires_in: 30 * 24 * 3600 });
  const { entries } = await api.deps.audit.read({ before: Number.MAX_SAFE_INTEGER, limit: 3 });
  expect(entries.map(({ text }) => JSON.parse(text))).toContainEqual(
    expect.objectContaining({ event: 'signed in', actor: 'user:gitea:7 (ada)', action: 'POST /oauth/token' }),
  );
  const me = await (await api.ask('/api/v1/me', { token: given.access_token ?? '' })).json();
  expect(me).toMatchObject({ actor: 'user:gitea:7', name: 'ada', role: 'trigger' });
  expect(await poll(asked.device_code)).toMatchObject({ error: 'invalid_grant' });
});

test('a terminal may ask for less than its person may', async () => {
  const asked = await start({ scope: 'view' });
  await answer(asked.user_code ?? '', await toCookie('admin'));
  expect(await poll(asked.device_code)).toMatchObject({ scope: 'view' });
});

test('until the person has answered it is pending, and asked too soon it is told to slow down', async () => {
  const asked = await start();
  expect(await poll(asked.device_code)).toEqual({ error: 'authorization_pending' });
  expect(await poll(asked.device_code)).toEqual({ error: 'slow_down' });
});

test('a person who refuses gives nothing', async () => {
  const asked = await start();
  const page = await answer(asked.user_code ?? '', await toCookie('admin'), 'refuse');
  expect(await page.text()).toContain('Refused');
  expect(await poll(asked.device_code)).toEqual({ error: 'access_denied' });
});

test('no other site, no token and nobody unknown confirms a terminal', async () => {
  const cookie = await toCookie('admin');
  const { user_code: code = '', device_code: device } = await start();
  expect((await answer(code, cookie, 'allow', { origin: 'https://evil.example' })).status).toBe(403);
  expect((await post('/device', { user_code: code, answer: 'allow' }, { cookie })).status).toBe(401);
  expect((await answer(code, await toCookie('view', 'page-code:1'))).status).toBe(403);
  const token = `Bearer ${api.tokens.admin}`;
  expect((await post('/device', { user_code: code, answer: 'allow' }, { authorization: token })).status).toBe(
    403,
  );
  // A token that a person signed in with would prolong itself.
  const first = await start();
  await answer(first.user_code ?? '', cookie);
  const { access_token: own } = await poll(first.device_code);
  const again = await post(
    '/device',
    { user_code: code, answer: 'allow' },
    { authorization: `Bearer ${own}` },
  );
  expect(again.status).toBe(403);
  expect(await poll(device)).toEqual({ error: 'authorization_pending' });
});

test('a wrong code is answered with the question for it, and the wrong ones come to an end', async () => {
  const cookie = await toCookie('view', 'user:gitea:guesser');
  const try_ = (code: string) => api.ask(`/device?user_code=${code}`, { headers: { cookie } });
  expect(await (await api.ask('/device', { headers: { cookie } })).text()).toContain('name="user_code"');
  for (let at = 0; at < 20; at++)
    expect(await (await try_('BBBB-BBBB')).text()).toContain('No terminal waits');
  expect((await try_('BBBB-BBBB')).status).toBe(429);
  const asked = await start();
  expect((await answer(asked.user_code ?? '', cookie)).status).toBe(429);
});

test('what a terminal calls itself is only text', async () => {
  const asked = await start({ device: '<img src=x>\u202e\u001b[2J' });
  const cookie = await toCookie('view', 'user:gitea:reader');
  const text = await (await api.ask(`/device?user_code=${asked.user_code}`, { headers: { cookie } })).text();
  expect(text).not.toMatch(/<img|\u202e|(?!\n)\p{Cc}/u);
});

test('whatever is no request of RFC 8628 is refused in its words', async () => {
  const device = '/oauth/device_authorization';
  for (const [path, fields, status, error] of [
    [device, {}, 400, 'invalid_client'],
    [device, { client_id: 'other' }, 400, 'invalid_client'],
    [device, { client_id: 'bellows', scope: 'root' }, 400, 'invalid_scope'],
    ['/oauth/token', { grant_type: grant }, 400, 'invalid_client'],
    ['/oauth/token', { client_id: 'bellows', grant_type: 'password' }, 400, 'unsupported_grant_type'],
    ['/oauth/token', { client_id: 'bellows', grant_type: grant }, 400, 'invalid_grant'],
  ] as const) {
    const response = await post(path, fields);
    expect([path, response.status, await response.json()]).toMatchObject([path, status, { error }]);
  }
  expect((await post(device, { client_id: 'x'.repeat(5000) })).status).toBe(413);
  const json = await api.ask(device, { method: 'POST', json: { client_id: 'bellows' } });
  expect(json.status).toBe(415);
});

test('one address begins thirty times in ten minutes, and a neighbour is not the worse for it', async () => {
  const many = await openTestApi({ signIn, address: (c) => c.req.header('x-test') ?? '' });
  const begin = (from: string) =>
    many.ask('/oauth/device_authorization', {
      method: 'POST',
      body: 'client_id=bellows',
      headers: { 'content-type': 'application/x-www-form-urlencoded', 'x-test': from },
    });
  const statuses = [];
  for (let at = 0; at < 31; at++) statuses.push((await begin('192.0.2.1')).status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(30);
  expect(statuses.at(-1)).toBe(429);
  expect((await begin('192.0.2.2')).status).toBe(200);
  await many.close();
});

test('without an identity provider no terminal begins: nobody could confirm it', async () => {
  const plain = await openTestApi();
  const response = await plain.ask('/oauth/device_authorization', {
    method: 'POST',
    body: 'client_id=bellows',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  expect([response.status, await response.json()]).toEqual([
    400,
    expect.objectContaining({ error: 'unauthorized_client' }),
  ]);
  expect(await plain.keys()).toEqual([]);
  await plain.close();
});
