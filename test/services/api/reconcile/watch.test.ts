import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReconciler } from '../../../../services/api/reconcile/reconciler.ts';
import { createLookup } from '../../../../services/core/forge/index.ts';
import type { Repository } from '../../../../services/core/job/index.ts';
import { createQueue, createRepositories } from '../../../../services/core/queue/index.ts';
import { repository as atGitea, openTestApi, openTestForge, type TestApi } from '../../../support/api.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';
import { readFixture } from '../../../support/webhook.ts';

const read = (forge: 'gitea' | 'github', name: string) => JSON.parse(`${readFixture(forge, name)}`);
const main = '2e7d2c03a9507ae265ecf5b5356885a53393a202';
const tagged = '18ac3e7343f016890c510e93f935261169d9e3f5';
const { release } = read('gitea', 'release');
const { pull_request: pull } = read('gitea', 'pull-request-opened');
const atGithub: Repository = { ...atGitea, id: 'github/ada/forge-bell', forge: 'github' };
const path = `/repos/${atGitea.name}`;
const before = Date.parse('2026-05-30T15:00:00Z');

let forge: ForgeApi;
let git: Awaited<ReturnType<typeof openTestForge>>;
let api: TestApi;
beforeEach(async () => {
  forge = await openForgeApi();
  git = await openTestForge({
    'refs/heads/main': main,
    'refs/tags/v1.2.0': tagged,
    'refs/pull/4/head': pull.head.sha,
  });
  api = await openTestApi({ origins: { gitea: git.origin, github: git.origin } });
});
afterEach(async () => {
  await api.close();
  await git.close();
  await forge.close();
});

/** As an api of this moment, with a token or without one. */
function at(now: number, { token = true } = {}) {
  const { origin } = forge;
  const ask = (kind: 'gitea' | 'github') => createLookup({ forge: kind, origin, token: forge.token });
  const lookups = token ? { gitea: ask('gitea'), github: ask('github') } : {};
  return createReconciler({ ...api.deps, lookups, secrets: {}, now: () => now });
}
const register = async (repository: Repository, now = before, options = {}) => {
  await at(now, options)
    .noteHeads(repository)
    .catch(() => undefined);
  await api.deps.repositories.put(repository);
};
const built = async () =>
  (await api.queue.jobs({ limit: 20 })).jobs.map(({ spec }) => [spec.event, spec.sha]).reverse();

test('a release that no webhook told of is built once, at the commit of its tag, and as its webhook would have had it', async () => {
  await register(atGitea);
  forge.documents[`${path}/releases`] = [release];
  expect(await at(before).run()).toMatchObject({ events: 1 });
  expect(await at(before).run()).toMatchObject({ events: 0 });
  expect((await api.hook(readFixture('gitea', 'release'), 'release')).status).toBe(200);
  expect(await built()).toEqual([['release', tagged]]);
  const [made] = (await api.queue.jobs({ limit: 1 })).jobs;
  expect(made?.spec).toMatchObject({
    author: 'ada',
    release: { title: 'Louder', pre: false },
    branch: 'main',
  });
  expect(made?.spec.movedBy).toBeUndefined();
});

test('one that was told of is not built again, however long ago: not when its job is forgotten', async () => {
  await register(atGitea);
  expect((await api.hook(readFixture('gitea', 'release'), 'release')).status).toBe(202);
  // What history has taken out.
  for (const key of await api.commands.keys('ci:{q}:pipeline:*')) await api.commands.del(key);
  forge.documents[`${path}/releases`] = [release];
  expect(await at(before).run()).toMatchObject({ events: 0 });
});

test('a draft, what is older than the registration, and a tag that is not there start nothing', async () => {
  await register(atGitea, Date.parse(release.published_at));
  const after = '2026-05-30T16:00:00Z';
  forge.documents[`${path}/releases`] = [
    { ...release, id: 49, draft: true, published_at: after },
    { ...release, id: 50, tag_name: 'v9', published_at: after },
    { ...release, id: 51, tag_name: '..', published_at: after },
    release,
  ];
  expect(await at(before).run()).toMatchObject({ events: 0 });
  git.refs['refs/tags/v9'] = main;
  await at(before).run();
  expect(await built()).toEqual([
    ['tag', main],
    ['release', main],
  ]);
});

test('a deployment of GitHub is built once; Gitea has none, and is asked for none', async () => {
  const { deployment } = read('github', 'deployment');
  await register(atGithub);
  await register(atGitea);
  forge.documents[`${path}/deployments`] = [deployment];
  await at(before).run();
  await at(before).run();
  expect(await built()).toEqual([['deployment', deployment.sha]]);
  expect(forge.asked.filter((line) => line.includes('/api/v1') && line.includes('deployments'))).toEqual([]);
});

test('what was published while nobody wanted releases is not news when somebody does', async () => {
  await register({ ...atGitea, events: [] });
  forge.documents[`${path}/releases`] = [release];
  await at(before).run();
  expect(forge.asked.filter((line) => line.includes('/releases'))).toEqual([]);
  await api.deps.repositories.put(atGitea);
  const later = Date.parse('2026-06-01T00:00:00Z');
  await at(later).run();
  forge.documents[`${path}/releases`] = [
    { ...release, id: 60, published_at: '2026-06-02T00:00:00Z' },
    release,
  ];
  await at(later).run();
  expect(await built()).toEqual([['release', tagged]]);
});

test('a token that came later builds no pull request that was open before it, and each that is opened then', async () => {
  await register(atGitea, before, { token: false });
  await at(before, { token: false }).run();
  forge.documents[`${path}/pulls`] = [pull];
  expect(await at(before).run()).toMatchObject({ events: 0 });
  const head = { ...pull.head, sha: main };
  forge.documents[`${path}/pulls`] = [{ ...pull, number: 5, head }, pull];
  git.refs['refs/pull/5/head'] = main;
  await at(before).run();
  forge.documents[`${path}/pulls`] = [
    { ...pull, number: 5, head },
    { ...pull, head },
  ];
  git.refs['refs/pull/4/head'] = main;
  await at(before).run();
  expect(await built()).toEqual([
    ['pull_request', main],
    ['pull_request', main],
  ]);
});

test('one that was registered before this was kept is no other: without a token its pull requests are noted when there is one', async () => {
  await api.deps.repositories.put(atGitea);
  await api.queue.noteHead(atGitea.id, 'refs/heads/main', main);
  await api.queue.noteHead(atGitea.id, 'refs/tags/v1.2.0', tagged);
  await at(before, { token: false }).run();
  forge.documents[`${path}/pulls`] = [pull];
  expect(await at(before).run()).toMatchObject({ events: 0 });
});

test('a forge that is away at the registration is asked later, and what it held then starts nothing', async () => {
  git.setDown(true);
  await register(atGitea);
  git.setDown(false);
  forge.documents[`${path}/pulls`] = [pull];
  expect(await at(before).run()).toMatchObject({ events: 0 });
  git.refs['refs/heads/main'] = tagged;
  await at(before).run();
  expect(await built()).toEqual([['push', tagged]]);
});

test('of what was told the newest thousand are known, and a repository that is removed is watched no more', async () => {
  const queue = createQueue({ commands: api.commands, leaseMs: 1000 });
  for (let id = 1; id <= 1002; id++) await queue.noteTold(atGitea.id, `release ${id} whole`);
  const told = await queue.told(atGitea.id);
  expect([told.size, told.has('release 2 whole'), told.has('release 3 whole')]).toEqual([1000, false, true]);
  const repositories = createRepositories({ commands: api.commands });
  await register(atGitea);
  expect(await repositories.watch(atGitea.id)).toEqual({
    owes: ['pulls'],
    release: before,
  });
  await repositories.remove(atGitea.id);
  expect(await repositories.watch(atGitea.id)).toBeUndefined();
});
