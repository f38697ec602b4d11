import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createLookup,
  type ForgeAccess,
  LookupError,
  parseWebhook,
} from '../../../../services/core/forge/index.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';
import { readFixture } from '../../../support/webhook.ts';

let forge: ForgeApi;
beforeEach(async () => {
  forge = await openForgeApi();
});
afterEach(() => forge.close());

const name = 'ada/forge-bell';
const pulls = `/repos/${name}/pulls`;
const sha = '2e7d2c03a9507ae265ecf5b5356885a53393a202';
const access = (kind: ForgeAccess['forge']) => ({ forge: kind, origin: forge.origin, token: forge.token });
const readPull = (kind: ForgeAccess['forge'], fixture = 'pull-request-opened') =>
  JSON.parse(`${readFixture(kind, fixture)}`).pull_request;

test.each(['gitea', 'github'] as const)(
  'an open pull request of %s is what its webhook said',
  async (kind) => {
    const headers = new Headers({ [`x-${kind}-event`]: 'pull_request' });
    for (const fixture of ['pull-request-opened', 'pull-request-from-fork']) {
      forge.documents[pulls] = [readPull(kind, fixture)];
      const { event } = parseWebhook(kind, headers, readFixture(kind, fixture));
      expect(await createLookup(access(kind)).openPullRequests(name)).toEqual([
        { ...event, movedBy: undefined, sender: undefined },
      ]);
    }
  },
);

test.each(['gitea', 'github'] as const)('a release that %s lists is what its webhook said', async (kind) => {
  const { release } = JSON.parse(`${readFixture(kind, 'release')}`);
  forge.documents[`/repos/${name}/releases`] = [release];
  const headers = new Headers({ [`x-${kind}-event`]: 'release' });
  const { event } = parseWebhook(kind, headers, readFixture(kind, 'release'));
  const question = { event: 'release' as const, since: 0, defaultBranch: 'main' };
  expect(await createLookup(access(kind)).told(name, question)).toEqual([
    { ...event, movedBy: undefined, sender: '' },
  ]);
});

test('a deployment that GitHub lists is what its webhook said', async () => {
  const { deployment } = JSON.parse(`${readFixture('github', 'deployment')}`);
  forge.documents[`/repos/${name}/deployments`] = [deployment, { ...deployment, sha: 'main' }];
  const headers = new Headers({ 'x-github-event': 'deployment' });
  const { event } = parseWebhook('github', headers, readFixture('github', 'deployment'));
  const question = { event: 'deployment' as const, since: 0, defaultBranch: 'main' };
  expect(await createLookup(access('github')).told(name, question)).toEqual([
    { ...event, movedBy: undefined, sender: '' },
  ]);
  expect(await createLookup(access('gitea')).told(name, question)).toBeUndefined();
});

test('releases are read to the first that is old, at GitHub as far as four pages, and not at all where nobody may', async () => {
  const { release } = JSON.parse(`${readFixture('gitea', 'release')}`);
  const list = Array.from({ length: 150 }, (_, n) => ({
    ...release,
    id: 200 - n,
    published_at: new Date(Date.parse(release.published_at) - n * 60_000).toISOString(),
  }));
  forge.documents[`/repos/${name}/releases`] = list;
  const since = Date.parse(list[40].published_at);
  const question = { event: 'release' as const, since, defaultBranch: 'main' };
  const read = async (kind: ForgeAccess['forge']) => {
    forge.asked.length = 0;
    const events = await createLookup(access(kind)).told(name, question);
    return [events?.length, forge.asked.length];
  };
  expect(await read('gitea')).toEqual([40, 2]);
  expect(await read('github')).toEqual([40, 4]);
  delete forge.documents[`/repos/${name}/releases`];
  expect(await read('gitea')).toEqual([undefined, 1]);
  forge.setFault((_request, response) => {
    response.writeHead(500).end();
    return true;
  });
  await expect(read('github')).rejects.toThrow(LookupError);
});

test('a head whose repository is deleted counts as a fork, and a title may ask to skip', async () => {
  const pull = readPull('github', 'pull-request-from-deleted-fork');
  forge.documents[pulls] = [pull, { ...pull, number: 5, title: '[skip ci] later' }];
  expect(await createLookup(access('github')).openPullRequests(name)).toMatchObject([
    { kind: 'pull request', pullRequest: { fork: true } },
    { kind: 'skipped', ref: 'refs/pull/5/head', sha: pull.head.sha },
  ]);
});

test('all pages are read, and asked for again only if they changed', async () => {
  const pull = readPull('github');
  const list = Array.from({ length: 61 }, (_, n) => ({ ...pull, number: n + 1 }));
  forge.documents[pulls] = list;
  const lookup = createLookup(access('github'));
  const read = async () => (await lookup.openPullRequests(name))?.map(({ ref }) => ref);
  const first = await read();
  expect(first).toHaveLength(61);
  const answers: number[] = [];
  forge.setFault((_request, response) => {
    response.on('finish', () => answers.push(response.statusCode));
    return false;
  });
  expect(await read()).toEqual(first);
  expect(answers).toEqual([304, 304, 304]);
  forge.documents[pulls] = list.slice(1);
  expect(await read()).toEqual(first?.slice(1));
});

test('of more than can be read, nobody can say which are closed', async () => {
  const pull = readPull('gitea');
  forge.documents[pulls] = Array.from({ length: 1201 }, (_, n) => ({ ...pull, number: n + 1 }));
  expect(await createLookup(access('gitea')).openPullRequests(name)).toBeUndefined();
});

test('a commit’s author is the forge’s login, or else the name that the commit has', async () => {
  const commit = { message: 'Let the bell ring twice\n\nOnce was not heard.\n', author: { name: 'Ada' } };
  const path = `/repos/${name}/commits`;
  const lookup = createLookup(access('gitea'));
  forge.documents[path] = [{ sha, commit, author: { login: 'ada' } }];
  expect(await lookup.commit(name, sha)).toEqual({ message: commit.message, author: 'ada' });
  forge.documents[path] = [{ sha, commit, author: null }];
  expect(await lookup.commit(name, sha)).toEqual({ message: commit.message, author: 'Ada' });
  forge.documents[path] = [];
  expect(await lookup.commit(name, sha)).toBeUndefined();
  expect(forge.asked[0]).toContain(`sha=${sha}&`);
});

test('a pull request is closed when the forge says so', async () => {
  const lookup = createLookup(access('gitea'));
  forge.documents[`${pulls}/4`] = { state: 'open', closed_at: null };
  expect(await lookup.closed(name, 4)).toBeUndefined();
  forge.documents[`${pulls}/4`] = { state: 'closed', closed_at: '2026-05-30T15:00:00Z' };
  expect(await lookup.closed(name, 4)).toEqual({ closedAt: '2026-05-30T15:00:00Z' });
  forge.documents[`${pulls}/4`] = { ...readPull('gitea', 'pull-request-closed'), state: 'closed' };
  const headers = new Headers({ 'x-gitea-event': 'pull_request' });
  const { event } = parseWebhook('gitea', headers, readFixture('gitea', 'pull-request-closed'));
  const { kind: _, told, ...closed } = event as Extract<typeof event, { kind: 'gone' }>;
  const { sender: _sender, movedBy: _by, ...rest } = told ?? {};
  expect(await lookup.closed(name, 4)).toMatchObject({ closedAt: closed.closedAt, told: rest });
});

test.each<[string, number, Record<string, string>, number]>([
  ['when it says for how long', 429, { 'retry-after': '60' }, 60_000],
  ['when no request is left', 403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1090' }, 90_000],
  [
    'while few are left, which are for statuses',
    200,
    { 'x-ratelimit-remaining': '499', 'x-ratelimit-limit': '5000', 'x-ratelimit-reset': '1030' },
    30_000,
  ],
])('the forge is left alone %s', async (_, status, headers, ms) => {
  let now = 1_000_000;
  const lookup = createLookup(access('github'), { now: () => now });
  forge.setFault((_request, response) => {
    response.writeHead(status, headers).end('[]');
    return true;
  });
  await lookup.commit(name, sha).catch(() => undefined);
  const { length } = forge.asked;
  now += ms - 1;
  await expect(lookup.commit(name, sha)).rejects.toThrow('github wants no request for 1 s');
  expect(forge.asked).toHaveLength(length);
  now += 1;
  forge.setFault(undefined);
  forge.documents[`/repos/${name}/commits`] = [];
  expect(await lookup.commit(name, sha)).toBeUndefined();
});

test('no answer, a wrong token, and what is no answer are said as what they are', async () => {
  const lookup = createLookup(access('gitea'));
  await expect(lookup.closed(name, 4)).rejects.toThrow(
    'gitea says to /repos/ada/forge-bell/pulls/4: 404 Not Found',
  );
  forge.documents[`${pulls}/4`] = { state: 4 };
  await expect(lookup.closed(name, 4)).rejects.toThrow('is not as expected');
  const denied = createLookup({ ...access('gitea'), token: 'x' });
  await expect(denied.closed(name, 4)).rejects.toThrow('401 Bad credentials');
  forge.setFault(() => true);
  const hasty = createLookup(access('gitea'), { timeoutMs: 50 });
  await expect(hasty.closed(name, 4)).rejects.toThrow(LookupError);
});
