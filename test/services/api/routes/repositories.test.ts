import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hookSchema } from '../../../../services/core/job/index.ts';
import { openTestApi, openTestForge, publicUrl, repository, type TestApi } from '../../../support/api.ts';

let api: TestApi;
let forge: Awaited<ReturnType<typeof openTestForge>>;
const refs = {
  'refs/heads/main': 'a'.repeat(40),
  'refs/tags/v1': 'b'.repeat(40),
  'refs/pull/3/head': 'c'.repeat(40),
};
beforeAll(async () => {
  forge = await openTestForge(refs);
  api = await openTestApi({ origins: { gitea: forge.origin, local: forge.origin } });
});
afterAll(async () => {
  await api.close();
  await forge.close();
});

const path = `/api/v1/repositories/${repository.id}`;
const put = (json: unknown, at = path) => api.admin(at, { method: 'PUT', json });

test('a repository is registered, read, listed, changed and forgotten', async () => {
  expect((await api.admin(path)).status).toBe(404);
  expect((await put(repository)).status).toBe(200);
  expect(await (await api.admin(path)).json()).toEqual(repository);
  expect(await (await api.admin('/api/v1/repositories')).json()).toEqual({ repositories: [repository] });
  const changed = await api.admin(path, { method: 'PATCH', json: { pool: 'large' } });
  expect(await changed.json()).toEqual({ ...repository, pool: 'large' });
  expect((await api.admin(path, { method: 'PATCH', json: { name: 'x/y' } })).status).toBe(400);
  expect((await api.admin(path, { method: 'DELETE' })).status).toBe(204);
  expect((await api.admin(path, { method: 'DELETE' })).status).toBe(404);
});

test('what a forge holds already is not news when its repository is registered', async () => {
  await put(repository);
  const { 'refs/pull/3/head': _, ...built } = refs;
  expect(Object.fromEntries(await api.queue.heads(repository.id))).toEqual(built);
  expect(await (await api.admin('/api/v1/reconcile', { method: 'POST', json: {} })).json()).toEqual({
    events: 0,
    repositories: 1,
  });
});

test('our own remote’s repository starts with nothing known, so that its first push is never missed', async () => {
  const local = { ...repository, id: 'local/ada/forge-bell', forge: 'local' };
  await put(local, `/api/v1/repositories/${local.id}`);
  expect((await api.queue.heads(local.id)).size).toBe(0);
});

test('a forge that does not answer, or another failure, keeps nobody from registering wrongly', async () => {
  const other = { ...repository, id: 'gitea/ada/other', name: 'ada/other' };
  forge.setDown(true);
  expect((await put(other, '/api/v1/repositories/gitea/ada/other')).status).toBe(200);
  forge.setDown(false);
  expect((await put(other)).status).toBe(422);
  expect((await put({ ...repository, name: 'ada/else' })).status).toBe(422);
  expect(
    (
      await put(
        { ...repository, id: 'github/ada/x', forge: 'github', name: 'ada/x' },
        '/api/v1/repositories/github/ada/x',
      )
    ).status,
  ).toBe(422);
  expect((await put(repository, '/api/v1/repositories/gitlab/ada/x')).status).toBe(400);
});

test('a hook’s secret is shown once, and the address is ours', async () => {
  await put(repository);
  const response = await api.admin(`${path}/hook`, { method: 'POST' });
  const { url, secret, events } = hookSchema.parse(await response.json());
  expect(url.startsWith(`${publicUrl}/webhooks/gitea/`)).toBe(true);
  expect(secret).toHaveLength(43);
  expect(events).toContain('pull_request_sync');
  expect(await (await api.admin(path)).text()).not.toContain(secret);
});

test('who may register a repository may not trust it with the machine', async () => {
  const id = 'local/ada/mill';
  const mill = { ...repository, id, forge: 'local', name: 'ada/mill' };
  const ask = (json: object) =>
    api.ask(`/api/v1/repositories/${id}`, { method: 'PUT', json, token: api.tokens.launcher });
  expect((await ask({ ...mill, trustedWith: ['volumes'] })).status).toBe(403);
  expect((await ask(mill)).status).toBe(200);
  const trusted = { ...mill, trustedWith: ['volumes'] };
  expect(await (await put(trusted, `/api/v1/repositories/${id}`)).json()).toEqual(trusted);
});
