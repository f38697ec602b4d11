import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Session } from '../../../../services/core/job/index.ts';
import { openTestApi, publicUrl, type TestApi } from '../../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

async function signIn(actor: string, role: 'view' | 'trigger' | 'admin' = 'view'): Promise<string> {
  const person = { actor, role, name: actor.slice(-3) };
  return `bellows_session=${await api.deps.sessions.start({ person, idleMs: 60_000, lastsMs: 60_000 })}`;
}
const list = async (cookie: string) =>
  ((await (await api.ask('/api/v1/sessions', { headers: { cookie } })).json()) as { sessions: Session[] })
    .sessions;

test('a browser is who signed in, and knows itself in the list of its person’s', async () => {
  const cookie = await signIn('user:test:ada');
  await signIn('user:test:ada');
  await signIn('user:test:bob');
  const me = await (await api.ask('/api/v1/me', { headers: { cookie } })).json();
  expect(me).toMatchObject({ actor: 'user:test:ada', name: 'ada', role: 'view' });
  const sessions = await list(cookie);
  expect(sessions.map(({ actor }) => actor)).toEqual(['user:test:ada', 'user:test:ada']);
  expect(sessions.filter(({ current }) => current)).toHaveLength(1);
  expect(await list(await signIn('user:test:eve', 'admin'))).toHaveLength(4);
});

test('whoever signs out a session of somebody else is told that there is none', async () => {
  const [mine, theirs] = [await signIn('user:test:amy'), await signIn('user:test:zoe')];
  const [session] = await list(theirs);
  const end = (cookie: string) =>
    api.ask(`/api/v1/sessions/${session?.id}`, { method: 'DELETE', headers: { cookie, origin: publicUrl } });
  expect((await end(mine)).status).toBe(404);
  expect((await end(theirs)).status).toBe(204);
  expect((await api.ask('/api/v1/me', { headers: { cookie: theirs } })).status).toBe(401);
});

test('a cookie changes something only when the request says that it comes from our page', async () => {
  const cookie = await signIn('user:test:max', 'admin');
  const post = (headers: Record<string, string>) =>
    api.ask('/api/v1/tokens', {
      method: 'POST',
      headers: { cookie, ...headers },
      json: { name: 'x', role: 'view' },
    });
  expect((await post({})).status).toBe(401);
  for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:7441', ''])
    expect([origin, (await post({ origin })).status]).toEqual([origin, 403]);
  expect(await api.deps.apiTokens.list()).toEqual([]);
  expect((await post({ origin: publicUrl })).status).toBe(201);
});
