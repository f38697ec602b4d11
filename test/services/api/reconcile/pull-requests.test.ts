import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReconciler, type Reconciler } from '../../../../services/api/reconcile/reconciler.ts';
import { createLookup } from '../../../../services/core/forge/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../../../support/api.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';
import { readFixture } from '../../../support/webhook.ts';

const opened = readFixture('gitea', 'pull-request-opened');
const closed = readFixture('gitea', 'pull-request-closed');
const pull = JSON.parse(`${opened}`).pull_request;
const ref = 'refs/pull/4/head';
const pulls = `/repos/${repository.name}/pulls`;
const main = '2e7d2c03a9507ae265ecf5b5356885a53393a202';

let forge: ForgeApi;
let git: Awaited<ReturnType<typeof openTestForge>>;
let api: TestApi;
let reconciler: Reconciler;
const said: string[] = [];

beforeEach(async () => {
  forge = await openForgeApi();
  git = await openTestForge({ 'refs/heads/main': main });
  api = await openTestApi({ origins: { gitea: git.origin } });
  await api.deps.repositories.put(repository);
  await api.queue.noteHead(repository.id, 'refs/heads/main', main);
  said.length = 0;
  const note = (_: unknown, text: string) => void said.push(text);
  reconciler = createReconciler({
    ...api.deps,
    lookups: { gitea: createLookup({ forge: 'gitea', origin: forge.origin, token: forge.token }) },
    secrets: {},
    log: Object.assign(Object.create(api.deps.log), { info: note, warn: note }),
  });
  open();
});
afterEach(async () => {
  await api.close();
  await git.close();
  await forge.close();
});

/** At the forge, and nobody is told. */
function open(change: object = {}) {
  const now = { ...pull, ...change };
  git.refs[ref] = now.head.sha;
  forge.documents[pulls] = [now];
  forge.documents[`${pulls}/4`] = now;
}
function close() {
  forge.documents[pulls] = [];
  forge.documents[`${pulls}/4`] = { ...pull, state: 'closed', closed_at: '2026-05-30T15:20:00Z' };
}
const jobs = async () => (await api.queue.jobs({ limit: 20 })).jobs;
const hook = async (body: Buffer) => (await api.hook(body, 'pull_request')).status;
const events = async () => (await reconciler.run()).events;

test('a pull request that no webhook told of is built once, as its webhook would have had it', async () => {
  expect(await events()).toBe(1);
  expect(await events()).toBe(0);
  const [made] = await jobs();
  // The webhook comes after all.
  expect(await hook(opened)).toBe(200);
  expect(await jobs()).toHaveLength(1);
  // The same, told by the webhook alone, in a queue that knows nothing.
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
  expect(await hook(opened)).toBe(202);
  const [told] = await jobs();
  expect([made?.id, made?.pipeline]).toEqual([told?.id, told?.pipeline]);
  const { traceparent: _made, ...spec } = made?.spec ?? {};
  expect(told?.spec).toMatchObject(spec);
});

test('of a fork it awaits approval as any, and nobody is said to have moved it', async () => {
  const { pull_request } = JSON.parse(`${readFixture('gitea', 'pull-request-from-fork')}`);
  open(pull_request);
  await events();
  const [made] = await jobs();
  expect(made).toMatchObject({ awaits: true, spec: { pullRequest: { fork: true } } });
  expect(made?.spec.movedBy).toBeUndefined();
});

test('one that the webhook told of is not built by the reconciler', async () => {
  expect(await hook(opened)).toBe(202);
  expect(await events()).toBe(0);
  expect(await jobs()).toHaveLength(1);
});

test('a push to it that no webhook told of is built', async () => {
  await hook(opened);
  open({ head: { ...pull.head, sha: main } });
  expect(await events()).toBe(1);
  expect((await jobs())[0]?.spec).toMatchObject({ event: 'pull_request', sha: main, author: 'ada' });
  expect((await api.queue.heads(repository.id)).get(ref)).toBe(main);
});

test('closed while nobody listened, it ends as by its webhook, and is built again when it is opened again', async () => {
  await hook(opened);
  close();
  expect(await events()).toBe(1);
  expect(await events()).toBe(0);
  expect((await api.queue.heads(repository.id)).has(ref)).toBe(false);
  // The webhook comes after all: nothing more.
  expect(await hook(closed)).toBe(200);
  open();
  expect(await events()).toBe(1);
  expect(await hook(opened)).toBe(200);
  const [again, ended, before] = await jobs();
  expect([before?.spec.event, again?.spec.event]).toEqual(['pull_request', 'pull_request']);
  expect(ended?.spec).toMatchObject({ event: 'pull_request_closed', ref, sha: pull.head.sha });
  expect(await jobs()).toHaveLength(3);
});

test('its closing is one event, however late the webhook tells of it: not the end of what was opened again', async () => {
  await hook(opened);
  close();
  await events();
  open();
  expect(await events()).toBe(1);
  expect(await hook(closed)).toBe(200);
  expect((await api.queue.heads(repository.id)).has(ref)).toBe(true);
  expect(await events()).toBe(0);
  expect((await jobs()).map(({ spec }) => spec.event).sort()).toEqual([
    'pull_request',
    'pull_request',
    'pull_request_closed',
  ]);
});

test('one that is missing in the list, but open, is not closed', async () => {
  await hook(opened);
  forge.documents[pulls] = [];
  expect(await events()).toBe(0);
  expect((await api.queue.heads(repository.id)).has(ref)).toBe(true);
});

test('one whose title asks to skip is seen, and not built', async () => {
  open({ title: '[ci skip] Make the bell louder' });
  expect(await events()).toBe(0);
  expect((await api.queue.heads(repository.id)).get(ref)).toBe(pull.head.sha);
});

test('a missed push has the subject and the author of its commit, and may ask to skip', async () => {
  close();
  const commits = `/repos/${repository.name}/commits`;
  const commit = { message: 'Let the bell ring twice\n\nOnce is too few.', author: { name: 'Ada' } };
  forge.documents[commits] = [{ commit, author: { login: 'ada' } }];
  git.refs['refs/heads/louder'] = main;
  expect(await events()).toBe(1);
  expect((await jobs())[0]?.spec).toMatchObject({ subject: 'Let the bell ring twice', author: 'ada' });
  forge.documents[commits] = [{ commit: { message: '[skip ci] docs' }, author: null }];
  git.refs['refs/heads/quiet'] = main;
  expect(await events()).toBe(0);
  expect((await api.queue.heads(repository.id)).get('refs/heads/quiet')).toBe(main);
});

test('what is open when a repository is registered is not news', async () => {
  await reconciler.noteHeads(repository);
  expect(await events()).toBe(0);
  expect(await jobs()).toEqual([]);
});

test('without the API branches are compared all the same, and both is said once', async () => {
  forge.setFault((_request, response) => {
    response.writeHead(500).end();
    return true;
  });
  git.refs['refs/heads/louder'] = main;
  expect(await events()).toBe(1);
  expect(await events()).toBe(0);
  forge.setFault(undefined);
  expect(await events()).toBe(1);
  expect(said.filter((text) => /ask/.test(text))).toEqual([
    'pull requests and authors cannot be asked for',
    'the forge can be asked again',
  ]);
});

test('a forge without a token is compared by its refs, and that is said once', async () => {
  const note = (_: unknown, text: string) => void said.push(text);
  const log = Object.assign(Object.create(api.deps.log), { info: note });
  const without = createReconciler({ ...api.deps, lookups: {}, secrets: {}, log });
  expect(await without.run()).toMatchObject({ events: 0 });
  await without.run();
  expect(said).toEqual(['without a token (the secret forge-gitea) only branches and tags are compared']);
});
