import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accessRules, pageRoutes } from '../../../services/api/access-rules.ts';
import { createToken, hashToken, type Role, reaches } from '../../../services/core/access/index.ts';
import type { PersonRole } from '../../../services/core/job/index.ts';
import { openTestApi, type TestApi } from '../../support/api.ts';
import { toRequest } from '../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const id = '0123456789abcdef0123';
const entries = Object.entries(accessRules).map(([route, who]) => {
  const [method = '', path = ''] = route.split(' ');
  const address = path
    .replace(':id', id)
    .replace(':forge', 'gitea')
    .replace(/:(owner|name|hook|agent|token)/g, 'x')
    .replace(':session', '0'.repeat(16))
    .replace(':n', '1');
  return { route, method, address, who };
});
const closed = entries.filter(({ who }) => who !== 'open');

test('every route has a rule, and every rule a route', () => {
  const routes = api.app.routes.filter(({ method }) => method !== 'ALL');
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect([...known].sort()).toEqual(Object.keys(accessRules).sort());
});

test('only health, the webhooks and the ways to a credential are open', () => {
  expect(entries.filter(({ who }) => who === 'open').map(({ route }) => route)).toEqual([
    'GET /healthz',
    'POST /webhooks/:forge',
    'POST /webhooks/:forge/:hook',
    'GET /sign-in',
    'GET /sign-in/callback',
    'POST /oauth/device_authorization',
    'POST /oauth/token',
  ]);
});

const garbage: Record<string, string | undefined> = {
  'no credential': undefined,
  'an empty one': '',
  'Bearer and nothing': 'Bearer ',
  'Bearer nothing': 'Bearer nothing',
  'Bearer undefined': 'Bearer undefined',
  'a random token': `Bearer ${createToken()}`,
  'two tokens': `Bearer ${createToken()} ${createToken()}`,
  'another scheme': `Basic ${Buffer.from('admin:').toString('base64')}`,
  'a token of an unknown scheme': 'token abc',
  'a very long one': `Bearer ${'a'.repeat(5000)}`,
  'an empty JWT': 'Bearer eyJhbGciOiJub25lIn0.e30.',
};

test.each(Object.entries(garbage))(
  'with %s every closed route says 401, and nothing is written',
  async (_, given) => {
    const before = await api.keys();
    for (const { method, address } of closed) {
      const headers = given === undefined ? {} : { authorization: given };
      const response = await api.ask(address, { method, headers });
      expect([method, address, response.status]).toEqual([method, address, 401]);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    }
    expect(await api.keys()).toEqual(before);
  },
);

test('the hash of a token is no token, and a token in the address is none either', async () => {
  const { admin } = api.tokens;
  expect((await api.ask('/api/v1/jobs', { token: hashToken(admin) })).status).toBe(401);
  expect((await api.ask(`/api/v1/jobs?token=${admin}&access_token=${admin}`)).status).toBe(401);
  expect((await api.ask('/api/v1/jobs', { headers: { cookie: `bellows_session=${admin}` } })).status).toBe(
    401,
  );
});

test('each role may do what its rules say and is told 403 for all else', async () => {
  await api.queue.enqueue(toRequest());
  const { token: jobToken } = await api.claim('agent-of-rules');
  const session = await api.deps.sessions.start({
    person: { role: 'view', actor: 'user:test:1' },
    idleMs: 60_000,
    lastsMs: 60_000,
  });
  const toApiToken = async (role: PersonRole) => {
    const given = { name: `rules-${role}`, role, createdBy: 'test', expiresAt: Date.now() + 60_000 };
    const created = await api.deps.apiTokens.create(given);
    return { authorization: `Bearer ${typeof created === 'object' ? created.token : created}` };
  };
  const credentials: [Role, Record<string, string>][] = [
    ['view', await toApiToken('view')],
    ['trigger', await toApiToken('trigger')],
    ['admin', await toApiToken('admin')],
    ['admin', { authorization: `Bearer ${api.tokens.admin}` }],
    ['launcher', { authorization: `Bearer ${api.tokens.launcher}` }],
    ['metrics', { authorization: `Bearer ${api.tokens.metrics}` }],
    ['view', { cookie: `bellows_session=${session}` }],
    ['claim', { authorization: `Bearer ${await api.deps.claimTokens.issue('default')}` }],
    ['job', { authorization: `Bearer ${jobToken}` }],
  ];
  for (const [role, headers] of credentials)
    for (const { method, address, who } of closed) {
      if (who === 'open' || who.some((wanted) => reaches(role, wanted))) continue;
      const { status } = await api.ask(address, { method, headers });
      // Without an origin a browser's session is not even looked at for anything but reading.
      expect([role, method, address, status]).toEqual([
        role,
        method,
        address,
        'cookie' in headers && method !== 'GET' ? 401 : 403,
      ]);
    }
});

test('what does not exist is 401 for strangers and 404 for those who are known', async () => {
  for (const path of ['/nothing', '/api/v1/nothing', '/api/v2/jobs', '/.env', '/webhooks'])
    expect([(await api.ask(path)).status, (await api.admin(path)).status]).toEqual([401, 404]);
  expect((await api.ask('/webhooks/gitea')).status).toBe(401);
  expect((await api.admin('/api/v1/jobs', { method: 'DELETE' })).status).toBe(404);
});

test('a path that only looks like an open one is closed', async () => {
  for (const path of ['/healthz/', '/HEALTHZ', '/healthz/../api/v1/jobs', '/%68ealthz/x', '//healthz'])
    expect([path, (await api.ask(path)).status]).toEqual([path, 401]);
});

test('with an identity provider a stranger’s browser is sent to sign in from every page, and from nothing else', async () => {
  const begun = () => Promise.reject(new Error('not asked here'));
  const other = await openTestApi({ signIn: { name: 'test', begin: begun, finish: begun } });
  for (const { route, method, address } of closed) {
    const headers = { accept: 'text/html,*/*' };
    const response = await other.ask(address, { method, headers });
    const isPage = method === 'GET' && pageRoutes.has(route);
    const location = `/sign-in?to=${encodeURIComponent(address)}`;
    expect([route, response.status, response.headers.get('location')]).toEqual(
      isPage ? [route, 303, location] : [route, 401, null],
    );
  }
  await other.close();
});
