import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { CronView } from '../../../../services/core/job/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
beforeEach(async () => {
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
});
afterAll(() => api.close());

const path = `/api/v1/repositories/${repository.id}/crons`;
const put = (name: string, json: object) => api.admin(`${path}/${name}`, { method: 'PUT', json });
const list = async () => ((await (await api.admin(path)).json()) as { crons: CronView[] }).crons;

test('a cron is set, listed with its next time and by whom, changed and removed', async () => {
  const made = await put('nightly', { schedule: '@daily' });
  expect([made.status, await made.json()]).toEqual([
    200,
    {
      repository: repository.id,
      name: 'nightly',
      schedule: '@daily',
      timezone: 'UTC',
      enabled: true,
      setBy: 'admin-token',
      setAt: expect.any(Number),
      next: expect.any(Number),
    },
  ]);
  await put('nightly', { schedule: '@daily', enabled: false, branch: 'trunk' });
  await api.deps.crons.note(repository.id, 'nightly', { dueAt: 7, problem: 'x' });
  expect(await list()).toEqual([
    expect.objectContaining({ enabled: false, branch: 'trunk', fired: { dueAt: 7, problem: 'x' } }),
  ]);
  expect((await list())[0]).not.toHaveProperty('next');
  const remove = () => api.admin(`${path}/nightly`, { method: 'DELETE' });
  expect([(await remove()).status, (await remove()).status, await list()]).toEqual([204, 404, []]);
});

test.each<[object, number]>([
  [{}, 400],
  [{ schedule: '@daily', repository: 'x' }, 400],
  [{ schedule: '0 3 * *' }, 422],
  [{ schedule: '@daily', timezone: 'Mars/Base' }, 422],
  [{ schedule: '0 0 31 2 *' }, 422],
])('a cron of %j is refused, and nothing is kept', async (json, status) => {
  expect((await put('nightly', json)).status).toBe(status);
  expect(await list()).toEqual([]);
});

test('a repository has room for 50, and they go with it', async () => {
  for (let i = 0; i < 50; i++) expect((await put(`c${i}`, { schedule: '@daily' })).status).toBe(200);
  expect((await put('more', { schedule: '@daily' })).status).toBe(422);
  expect((await put('c7', { schedule: '@hourly' })).status).toBe(200);
  await api.admin(`/api/v1/repositories/${repository.id}`, { method: 'DELETE' });
  expect(await api.deps.crons.list()).toEqual([]);
});

test('setting one takes an admin: who may start a pipeline may not have it started for ever', async () => {
  const made = await api.deps.apiTokens.create({
    name: 'trigger',
    role: 'trigger',
    createdBy: 'test',
    expiresAt: Date.now() + 60_000,
  });
  if (typeof made === 'string') throw new Error(made);
  const { token } = made;
  const json = { schedule: '@daily' };
  expect((await api.ask(`${path}/nightly`, { method: 'PUT', token, json })).status).toBe(403);
  expect((await api.ask(path, { token })).status).toBe(200);
});

test('an older time that is told late changes nothing', async () => {
  await put('nightly', { schedule: '@daily' });
  for (const dueAt of [9_000, 10_000, 9_000])
    await api.deps.crons.note(repository.id, 'nightly', { dueAt, problem: `${dueAt}` });
  expect((await list())[0]?.fired).toEqual({ dueAt: 10_000, problem: '10000' });
});
