import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ApiToken, CreatedToken } from '../../../../services/core/job/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.deps.repositories.put(repository);
});
afterAll(() => api.close());

const create = (json: unknown, token = api.tokens.admin) =>
  api.ask('/api/v1/tokens', { method: 'POST', token, json });
const created = async (json: unknown) => (await (await create(json)).json()) as CreatedToken;
const names = async (token: string) =>
  ((await (await api.ask('/api/v1/tokens', { token })).json()) as { tokens: ApiToken[] }).tokens.map(
    ({ name }) => name,
  );
const dayMs = 24 * 3_600_000;

test('a token is shown once, does what its role may, and nothing once it is revoked', async () => {
  const { token, ...shown } = await created({ name: 'deploy', role: 'trigger' });
  expect(shown).toMatchObject({ name: 'deploy', role: 'trigger', createdBy: 'admin-token' });
  // The two are stamped one after the other.
  expect(Math.abs(shown.expiresAt - shown.createdAt - 90 * dayMs)).toBeLessThan(60_000);
  const me = await (await api.ask('/api/v1/me', { token })).json();
  expect(me).toEqual({ actor: 'token:deploy', role: 'trigger', token: 'deploy', expiresAt: shown.expiresAt });
  expect(await (await api.admin('/api/v1/tokens')).text()).not.toContain(token);
  expect((await api.admin('/api/v1/tokens/deploy', { method: 'DELETE' })).status).toBe(204);
  expect((await api.ask('/api/v1/me', { token })).status).toBe(401);
  expect((await api.admin('/api/v1/tokens/deploy', { method: 'DELETE' })).status).toBe(404);
});

test('none lasts longer than a year, has no role, or speaks of what is not there', async () => {
  for (const [given, status] of [
    [{ name: 'a', role: 'view', expiresInDays: 366 }, 400],
    [{ name: 'a', role: 'view', expiresInDays: 0 }, 400],
    [{ name: 'a', role: 'launcher' }, 400],
    [{ name: 'a' }, 400],
    [{ name: '../a', role: 'view' }, 400],
    [{ name: 'a', role: 'view', repositories: [] }, 400],
    [{ name: 'a', role: 'view', repositories: ['gitea/no/body'] }, 404],
    [{ name: 'a', role: 'view', actor: 'admin-token' }, 400],
  ] as const)
    expect([given, (await create(given)).status]).toEqual([given, status]);
  expect(await names(api.tokens.admin)).toEqual([]);
});

test('a name is one token’s', async () => {
  expect((await create({ name: 'twice', role: 'view' })).status).toBe(201);
  expect((await create({ name: 'twice', role: 'admin' })).status).toBe(409);
});

test('only an admin makes tokens, and sees those of others', async () => {
  const { token: admin } = await created({ name: 'an-admin', role: 'admin' });
  const { token: looker } = await created({ name: 'a-looker', role: 'view' });
  const { token: starter } = await created({ name: 'a-starter', role: 'trigger' });
  for (const token of [looker, starter])
    expect((await create({ name: 'b', role: 'view' }, token)).status).toBe(403);
  expect(await names(admin)).toEqual(expect.arrayContaining(['a-looker', 'an-admin']));
  expect(await names(looker)).toEqual(['a-looker']);
  const revoke = (name: string, token: string) =>
    api.ask(`/api/v1/tokens/${name}`, { method: 'DELETE', token });
  expect((await revoke('an-admin', looker)).status).toBe(404);
  expect((await revoke('a-looker', looker)).status).toBe(204);
  expect((await api.ask('/api/v1/me', { token: looker })).status).toBe(401);
});
