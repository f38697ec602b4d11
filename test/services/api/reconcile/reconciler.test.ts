import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReconciler } from '../../../../services/api/reconcile/reconciler.ts';
import { verifyToken } from '../../../../services/core/access/index.ts';
import { createQueue } from '../../../../services/core/queue/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../../../support/api.ts';

const fixture = (name: string) =>
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'webhooks', 'gitea', `${name}.json`));
const before = '9c1185a5c5e9fc54612808977ee8f548b2258d31';
const main = '2e7d2c03a9507ae265ecf5b5356885a53393a202';

let api: TestApi;
let forge: Awaited<ReturnType<typeof openTestForge>>;
beforeEach(async () => {
  forge = await openTestForge({ 'refs/heads/main': before });
  api = await openTestApi({ origins: { gitea: forge.origin, local: forge.origin } });
  await api.deps.repositories.put(repository);
});
afterEach(async () => {
  await api.close();
  await forge.close();
});

const reconcile = (id?: string) => api.deps.reconciler.run(id);
const jobs = async () => (await api.queue.jobs({ limit: 20 })).jobs;

test('each push that no webhook told is made exactly once, however often it is looked for', async () => {
  forge.refs['refs/tags/v1'] = main;
  expect(await reconcile()).toEqual({ events: 2, repositories: 1 });
  expect(await Promise.all([reconcile(), reconcile(repository.id)])).toEqual([
    { events: 0, repositories: 1 },
    { events: 0, repositories: 1 },
  ]);
  expect((await jobs()).map(({ spec }) => [spec.event, spec.ref, spec.branch, spec.sha])).toEqual([
    ['tag', 'refs/tags/v1', 'v1', main],
    ['push', 'refs/heads/main', 'main', before],
  ]);
});

test('an annotated tag is built at its commit, whoever tells of it', async () => {
  const object = '3f79bb7b435b05321651daefd374cdc681dc06fa';
  Object.assign(forge.refs, { 'refs/tags/v1.2.0': object, 'refs/tags/v1.2.0^{}': main });
  await api.queue.noteHead(repository.id, 'refs/heads/main', before);
  expect(await reconcile()).toEqual({ events: 1, repositories: 1 });
  expect((await api.hook(fixture('push-tag'))).status).toBe(200);
  expect((await jobs()).map(({ spec }) => [spec.event, spec.sha])).toEqual([['tag', main]]);
  expect((await api.queue.heads(repository.id)).get('refs/tags/v1.2.0')).toBe(object);
  expect((await api.deps.reconciler.readHeads(repository)).get('refs/tags/v1.2.0')).toBe(main);
});

test('a webhook that comes after all is a replay', async () => {
  forge.refs['refs/heads/main'] = main;
  await reconcile();
  expect((await api.hook(fixture('push'))).status).toBe(200);
  expect(await jobs()).toHaveLength(1);
});

test('a push that looks old is not believed but looked up: what is true of it is built at once', async () => {
  Object.assign(api.deps, { now: () => Date.parse('2026-07-01T00:00:00Z') });
  forge.refs['refs/heads/main'] = main;
  expect(await (await api.hook(fixture('push'))).json()).toMatchObject({ answer: 'ignored' });
  expect(await jobs()).toEqual([]);
  await api.deps.reconciler.settle();
  expect((await jobs()).map(({ spec }) => spec.sha)).toEqual([main]);
});

test('a push that was skipped by its author is not built by the reconciler', async () => {
  await api.hook(fixture('push-skip-ci'));
  forge.refs['refs/heads/main'] = main;
  expect(await reconcile()).toEqual({ events: 0, repositories: 1 });
});

test('a branch whose deletion no webhook told is built again when it comes back', async () => {
  forge.refs['refs/heads/louder'] = main;
  await reconcile();
  Reflect.deleteProperty(forge.refs, 'refs/heads/louder');
  expect(await reconcile()).toEqual({ events: 1, repositories: 1 });
  expect([...(await api.queue.heads(repository.id)).keys()]).toEqual(['refs/heads/main']);
  forge.refs['refs/heads/louder'] = main;
  expect(await reconcile()).toEqual({ events: 1, repositories: 1 });
  expect(await jobs()).toHaveLength(3);
});

test('a pull request that is open here is built at its new head, as what it was', async () => {
  await reconcile();
  await api.hook(fixture('pull-request-from-fork'), 'pull_request');
  forge.refs['refs/pull/4/head'] = main;
  forge.refs['refs/pull/5/head'] = main;
  await reconcile();
  expect((await jobs())[0]?.spec).toMatchObject({
    event: 'pull_request',
    sha: main,
    branch: 'main',
    pullRequest: { number: 4, head: 'feature/louder', fork: true },
  });
  await api.queue.noteHead(repository.id, 'refs/pull/5/head', before);
  expect(await reconcile()).toEqual({ events: 0, repositories: 1 });
});

test('our own remote is asked with a password for one repository', async () => {
  const local = { ...repository, id: 'local/ada/bell', forge: 'local' as const, name: 'ada/bell' };
  await api.deps.repositories.put(local);
  await reconcile(local.id);
  const [, password = ''] = Buffer.from(forge.asked[0]?.split(' ')[1] ?? '', 'base64')
    .toString()
    .split(':');
  const key = 'clone-key-of-the-test-0000000000000000';
  expect(verifyToken(password, key, { purpose: 'clone', audience: local.id })).toBe(true);
});

test('one forge that does not answer keeps no other repository from being looked at', async () => {
  await api.deps.repositories.put({
    ...repository,
    id: 'github/ada/bell',
    forge: 'github',
    name: 'ada/bell',
  });
  await expect(reconcile()).rejects.toThrow('No origin is set for the forge of github/ada/bell');
  expect(await jobs()).toHaveLength(1);
  expect(await reconcile('gitea/ada/unknown')).toEqual({ events: 0, repositories: 0 });
});

test('what is owed is done as soon as the forge answers, and tried no more often than it backs off', async () => {
  const { reconciler } = api.deps;
  forge.setDown(true);
  reconciler.owe(repository.id);
  await reconciler.settle();
  await reconciler.settle();
  expect(forge.asked).toHaveLength(1);
  forge.setDown(false);
  const eager = createReconciler({ ...api.deps, lookups: {}, secrets: {}, longestPauseMs: 0 });
  await eager.oweForges();
  forge.setDown(true);
  await eager.settle();
  expect(await jobs()).toEqual([]);
  forge.setDown(false);
  await eager.settle();
  await eager.settle();
  expect(await jobs()).toHaveLength(1);
  expect(forge.asked).toHaveLength(3);
});

test('without a word of which repository, all are owed', async () => {
  api.deps.reconciler.owe();
  await api.deps.reconciler.settle();
  expect(await jobs()).toHaveLength(1);
});

test('a full queue is not forgotten either', async () => {
  const queue = createQueue({ commands: api.commands, leaseMs: 1000, limits: { unfinished: 0 } });
  const full = createReconciler({ ...api.deps, lookups: {}, queue, secrets: {} });
  await expect(full.run()).rejects.toThrow('Too many jobs wait already');
  expect(await api.queue.heads(repository.id)).toEqual(new Map());
});
