import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { openGitea } from '../../../charts/forge/program/gitea.ts';
import { type Plan, setUpGitea } from '../../../charts/forge/program/setup.ts';
import type { SecretReference, SecretsApi } from '../../../charts/secrets/program/kubernetes.ts';
import { parseWebhook } from '../../../services/core/forge/index.ts';
import { isSent, openGiteaServer } from '../../support/gitea.ts';
import { readFixture } from '../../support/webhook.ts';
import { root } from '../committed.ts';

let gitea: Awaited<ReturnType<typeof openGiteaServer>>;
let stored: Map<string, { version: number; data: Readonly<Record<string, string>> }>;
beforeEach(async () => {
  gitea = await openGiteaServer();
  stored = new Map();
});
afterEach(() => gitea.close());

const secrets: SecretsApi = {
  read: async ({ name }) => {
    const found = stored.get(name);
    return found && { version: String(found.version), data: { ...found.data } };
  },
  create: async ({ name }, data) => {
    if (stored.has(name)) return false;
    stored.set(name, { version: 1, data });
    return true;
  },
  add: async ({ name }, version, data) => {
    const found = stored.get(name);
    if (found === undefined || String(found.version) !== version) return false;
    stored.set(name, { version: found.version + 1, data: { ...found.data, ...data } });
    return true;
  },
};

const reference = (name: string): SecretReference => ({ namespace: 'ci', name });
const plan: Omit<Plan, 'origin'> = {
  administrator: { name: 'bellows', secret: reference('gitea-administrator') },
  bot: { name: 'bellows-bot', secret: reference('bellows-gitea') },
  webhook: { host: 'api.ci.svc', port: 7440, path: '/webhooks/gitea', events: ['push'] },
  signIn: {
    redirect: 'https://bellows.home.arpa/sign-in/callback',
    secret: reference('bellows-sign-in'),
  },
  organizations: ['acme'],
  mirrors: [{ from: 'https://github.com/acme/site', owner: 'acme', name: 'site', everyMinutes: 90 }],
};

/** What the Job does: its first container makes the token, the second one all else. */
async function setUp(changes: Partial<Plan> = {}, webhookSecret = 'hook-secret', api = secrets) {
  const token = gitea.addAdministrator('bellows');
  const { origin } = gitea;
  await setUpGitea({
    plan: { origin, ...plan, ...changes },
    gitea: openGitea(origin, { token }),
    secrets: api,
    webhookSecret,
    receiverToken: 'receiver-token',
    random: () => randomBytes(32).toString('base64url'),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    say: () => undefined,
  });
}

const written = (name: string) => stored.get(name)?.data ?? {};

/** Everything is there once, and what is written down is what Gitea knows. */
function expectWhole() {
  expect(gitea.users.get('bellows')?.password).toBe(written('gitea-administrator').password);
  expect(gitea.tokens).toEqual([
    expect.objectContaining({ user: 'bellows-bot', token: written('bellows-gitea')['forge-gitea'] }),
  ]);
  expect(gitea.users.get('bellows-bot')?.isAdmin).toBe(false);
  expect(gitea.apps).toEqual([
    expect.objectContaining({
      client_id: written('bellows-sign-in')['oidc-client-id'],
      secret: written('bellows-sign-in')['oidc-client-secret'],
    }),
  ]);
  expect(gitea.hooks).toMatchObject([
    { config: { url: 'http://api.ci.svc:7440/webhooks/gitea' }, secret: 'hook-secret', active: true },
  ]);
  expect([...gitea.repositories]).toEqual([
    ['acme/site', { mirror: true, mirror_interval: '1h30m0s', original_url: 'https://github.com/acme/site' }],
  ]);
  const [, team, ...others] = gitea.organizations.get('acme') ?? [];
  expect(others).toEqual([]);
  expect(team).toMatchObject({ permission: 'write', includes_all_repositories: true });
  expect([...(team?.members ?? [])]).toEqual(['bellows-bot']);
}

test('everything is made once, and the token of the run is gone with it', async () => {
  await setUp();
  expectWhole();
  const before = new Map(stored);
  const changes = gitea.asked.filter((line) => !line.startsWith('GET')).length;
  await setUp();
  expectWhole();
  expect(new Map(stored)).toEqual(before);
  // The run's own token is taken away, and the membership said again.
  expect(gitea.asked.filter((line) => !line.startsWith('GET')).length - changes).toBe(2);
});

test('whichever request is the last one before a crash, the next run leaves everything whole, and nothing twice', async () => {
  await setUp();
  const requests = gitea.asked.length;
  for (let crash = 0; crash < requests; crash++) {
    await gitea.close();
    gitea = await openGiteaServer();
    stored.clear();
    gitea.die(crash);
    await expect(setUp()).rejects.toThrow();
    gitea.die(Number.POSITIVE_INFINITY);
    await setUp();
    expectWhole();
  }
});

test('a Secret that cannot be written leaves no token that works behind, once the next run is through', async () => {
  const failing = { ...secrets, create: async () => Promise.reject(new Error('away')) };
  await setUp();
  stored.delete('bellows-gitea');
  stored.delete('bellows-sign-in');
  await expect(setUp({}, 'hook-secret', failing)).rejects.toThrow('away');
  expect(gitea.tokens.length).toBeGreaterThan(1);
  await setUp();
  expectWhole();
});

test('a token that Gitea does not know any more is replaced, and what else the Secret holds stays', async () => {
  await setUp();
  stored.set('bellows-gitea', { version: 7, data: { 'forge-gitea': 'of another Gitea', note: 'mine' } });
  await setUp();
  expectWhole();
  expect(written('bellows-gitea').note).toBe('mine');
});

test('a new webhook secret, address or redirect replaces what stands for the old one', async () => {
  await setUp({ webhook: { ...plan.webhook, host: 'elsewhere.ci.svc' } }, 'older');
  await setUp({ signIn: { redirect: 'https://other/callback', secret: reference('bellows-sign-in') } });
  expect(gitea.apps).toMatchObject([{ redirect_uris: ['https://other/callback'] }]);
  await setUp();
  expectWhole();
});

/** By the header's event: what Gitea sends under it, of which type, with which change (services/webhook/notifier.go). */
const sent: [event: string, type: string, fixture: string, change?: object][] = [
  ['push', 'push', 'push'],
  ['create', 'create', 'create'],
  ['delete', 'delete', 'delete'],
  ['release', 'release', 'release'],
  ['pull_request', 'pull_request', 'pull-request-opened'],
  ['pull_request', 'pull_request', 'pull-request-closed'],
  ['pull_request', 'pull_request', 'pull-request-opened', { action: 'edited' }],
  ['pull_request', 'pull_request_sync', 'pull-request-synchronized'],
  ['pull_request', 'pull_request_label', 'pull-request-label'],
  ['pull_request', 'pull_request_label', 'pull-request-label', { action: 'label_cleared' }],
  ['pull_request', 'pull_request_assign', 'pull-request-opened', { action: 'assigned' }],
  ['pull_request', 'pull_request_milestone', 'pull-request-opened', { action: 'milestoned' }],
  ['pull_request', 'pull_request_review_request', 'pull-request-opened', { action: 'review_requested' }],
  ['pull_request_approved', 'pull_request_review', 'pull-request-opened', { action: 'reviewed' }],
  ['issue_comment', 'pull_request_comment', 'pull-request-opened', { action: 'created' }],
  ...['fork', 'issues', 'wiki', 'repository', 'package', 'status', 'workflow_run'].map(
    (type): [string, string, string] => [type, type, 'push'],
  ),
];

test('what is heard of Gitea is what its webhook asks for: no event that is heard is missing, none is sent in vain', () => {
  const documents = parseAllDocuments(
    readFileSync(join(root, 'dist/clusters/home/forge/setup.yaml'), 'utf8'),
  );
  const [text] = documents.map((document) => document.toJS()?.data?.['plan.json']).filter(Boolean);
  const { webhook } = JSON.parse(text) as Plan;
  const heard = new Map<string, boolean>();
  for (const [event, type, fixture, change] of sent) {
    const body = Buffer.from(
      JSON.stringify({ ...JSON.parse(`${readFixture('gitea', fixture)}`), ...change }),
    );
    const { kind } = parseWebhook('gitea', new Headers({ 'x-gitea-event': event }), body).event;
    heard.set(type, heard.get(type) === true || kind !== 'ignored');
  }
  const asked = [...heard.keys()].map((type) => [type, isSent(webhook.events, type)]);
  expect(Object.fromEntries(asked)).toEqual(Object.fromEntries(heard));
  // One that is heard and stands in no row above.
  const types = new Set([...heard.keys(), 'pull_request_only']);
  expect(webhook.events.filter((word) => !types.has(word))).toEqual([]);
});

test('a team that an older version made may see releases, as a new one does', async () => {
  await setUp();
  const [, team] = gitea.organizations.get('acme') ?? [];
  Object.assign(team ?? {}, { units_map: { 'repo.code': 'write', 'repo.pulls': 'write' } });
  await setUp();
  expect(team?.units_map).toEqual({ 'repo.code': 'write', 'repo.pulls': 'write', 'repo.releases': 'read' });
});

test('without sign-in and organisations nothing of them is made', async () => {
  const { signIn: _, ...rest } = plan;
  const token = gitea.addAdministrator('bellows');
  await setUpGitea({
    plan: { ...rest, origin: gitea.origin, organizations: [], mirrors: [] },
    gitea: openGitea(gitea.origin, { token }),
    secrets,
    webhookSecret: 'x',
    receiverToken: 'x',
    random: () => 'random',
    hash: (text) => text,
    say: () => undefined,
  });
  expect(gitea.apps).toEqual([]);
  expect(gitea.organizations.size).toBe(0);
  expect([...stored.keys()].sort()).toEqual(['bellows-gitea', 'gitea-administrator']);
});

test('what Gitea refuses is said with its own words, and with no secret of ours', async () => {
  gitea.addAdministrator('bellows');
  const stranger = openGitea(gitea.origin, { username: 'bellows', password: 'wrong-password' });
  const refused = await stranger.send('POST', '/orgs', { username: 'x' }).catch((error: unknown) => error);
  expect(String(refused)).toContain('POST /orgs: Gitea answered 401 invalid username, password or token');
  expect(String(refused)).not.toContain('wrong-password');
  expect(await stranger.knows()).toBe(false);
});

test('Flux hears of pushes at the path that it makes of token, name and namespace', async () => {
  const receiver = { host: 'webhook-receiver.flux-system.svc', name: 'platform', namespace: 'flux-system' };
  await setUp({ receiver });
  await setUp({ receiver });
  const digest = createHash('sha256').update('receiver-tokenplatformflux-system').digest('hex');
  expect(gitea.hooks).toMatchObject([
    { config: { url: 'http://api.ci.svc:7440/webhooks/gitea' } },
    { config: { url: `http://${receiver.host}/hook/${digest}` }, events: ['push'], secret: 'receiver-token' },
  ]);
});

test('a mirror whose source is away keeps no other from being made, and is made once it answers', async () => {
  const [site] = plan.mirrors;
  if (site === undefined) throw new Error('no mirror');
  const gone = { ...site, from: 'https://github.com/acme/gone', name: 'gone' };
  gitea.away.add(gone.from);
  await expect(setUp({ mirrors: [gone, site] })).rejects.toThrow('Migration failed');
  expect(gitea.repositories.get('acme/site')).toMatchObject({ mirror_interval: '1h30m0s' });
  gitea.away.clear();
  await setUp({ mirrors: [gone, { ...site, everyMinutes: 10 }] });
  expect(gitea.repositories.get('acme/gone')).toMatchObject({ mirror_interval: '1h30m0s' });
  expect(gitea.repositories.get('acme/site')).toMatchObject({ mirror_interval: '10m0s' });
});

test('a repository that is no mirror is left alone, and said', async () => {
  gitea.repositories.set('acme/site', { mirror: false });
  await expect(setUp()).rejects.toThrow('acme/site is no mirror');
  expect(gitea.repositories.get('acme/site')).toEqual({ mirror: false });
});
