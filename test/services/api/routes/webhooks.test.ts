import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { toSignature } from '../../../../services/core/forge/index.ts';
import type { Accepted } from '../../../../services/core/job/index.ts';
import { openTestApi, publicUrl, repository, type TestApi, webhookSecret } from '../../../support/api.ts';

const fixture = (name: string, forge = 'gitea') =>
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'webhooks', forge, `${name}.json`));
const push = fixture('push');
const good = toSignature(push, webhookSecret);

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
  await api.deps.repositories.put(repository);
});
afterEach(() => api.close());

const jobs = async () => (await api.queue.jobs({ limit: 10 })).jobs;

test('a signed push is on disk before it is told 202, and names the page of its job', async () => {
  const response = await api.hook(push);
  expect(response.status).toBe(202);
  const accepted = (await response.json()) as Accepted;
  const [job] = await jobs();
  expect(accepted).toEqual({
    answer: 'enqueued',
    pipeline: job?.pipeline,
    jobs: [job?.id],
    page: `${publicUrl}/jobs/${job?.id}`,
  });
  expect(job).toMatchObject({
    state: 'queued',
    pool: 'default',
    spec: { repository: repository.id, event: 'push', branch: 'main', subject: 'Let the bell ring twice' },
  });
});

test('a replay is told 200 dup, by its delivery and by what it is about, and makes nothing', async () => {
  const first = (await (await api.hook(push)).json()) as Accepted;
  // A delivery is known by its bytes; told in other bytes it is the same movement of the same ref.
  for (const body of [push, JSON.stringify(JSON.parse(push.toString()))]) {
    const response = await api.hook(body);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ ...first, answer: 'dup' });
  }
  expect(await jobs()).toHaveLength(1);
});

test('where the repository wants it a newer push cancels the older pipeline, and a retry of it', async () => {
  await api.deps.repositories.put({ ...repository, cancelPrevious: ['push'] });
  await api.hook(push);
  const [first] = await jobs();
  await api.admin(`/api/v1/jobs/${first?.id}/cancel`, { method: 'POST' });
  await api.admin(`/api/v1/jobs/${first?.id}/retry`, { method: 'POST' });
  const { before, after, ...rest } = JSON.parse(push.toString()) as { before: string; after: string };
  const newer = 'c'.repeat(40);
  await api.hook(JSON.stringify({ ...rest, before: after, after: newer }));
  const [second, retry] = await jobs();
  expect([second?.spec.sha, second?.state, retry?.spec.retryOf]).toEqual([newer, 'queued', first?.id]);
  expect([retry?.state, retry?.reason]).toEqual([
    'cancelled',
    `cancelled by the newer commit cccccccccccc, pipeline ${second?.pipeline}`,
  ]);
  expect(before).not.toBe(after);
});

test.each<[string, Record<string, string>]>([
  ['none', {}],
  ['a wrong one', { 'x-gitea-signature': toSignature(push, 'x') }],
  ['a short one', { 'x-gitea-signature': good.slice(2) }],
  ['an upper-case one', { 'x-gitea-signature': good.toUpperCase() }],
  ['one twice', { 'x-gitea-signature': `${good}, ${good}` }],
  [
    'one of the same JSON written anew',
    {
      'x-gitea-signature': toSignature(Buffer.from(JSON.stringify(JSON.parse(`${push}`))), webhookSecret),
    },
  ],
  ['sha1 only', { 'x-hub-signature': 'sha1=2fd4e1c67a2d28fced849ee1bb76e7391b93eb12' }],
  ['GitHub’s header only', { 'x-hub-signature-256': `sha256=${good}` }],
])('a signature is 401 and nothing is written: %s', async (_, headers) => {
  const before = await api.keys();
  const response = await api.ask('/webhooks/gitea', {
    method: 'POST',
    body: push,
    headers: { 'content-type': 'application/json', 'x-gitea-event': 'push', ...headers },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await api.keys()).toEqual(before);
});

test('the path chooses the forge: Gitea’s hook on GitHub’s route is 401, with all of its headers', async () => {
  const response = await api.ask('/webhooks/github', {
    method: 'POST',
    body: push,
    headers: {
      'content-type': 'application/json',
      'x-gitea-event': 'push',
      'x-gitea-signature': good,
      'x-github-event': 'push',
      'x-hub-signature-256': `sha256=${good}`,
    },
  });
  expect(response.status).toBe(401);
  expect(await jobs()).toEqual([]);
});

test('GitHub is heard on its own route', async () => {
  await api.deps.repositories.put({ ...repository, id: 'github/ada/forge-bell', forge: 'github' });
  const body = fixture('pull-request-opened', 'github');
  const response = await api.ask('/webhooks/github', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      'x-hub-signature-256': `sha256=${toSignature(body, 'another-secret-0000000000000000000')}`,
    },
  });
  expect(response.status).toBe(202);
  expect((await jobs())[0]?.spec).toMatchObject({
    event: 'pull_request',
    ref: 'refs/pull/4/head',
    pullRequest: { number: 4, fork: false },
  });
});

test.each<[string, number, string | Uint8Array, Record<string, string>]>([
  ['no JSON', 400, 'payload', {}],
  ['a form', 415, 'payload=%7B%7D', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['another shape', 400, '{"ref": 1}', {}],
  ['a thousand brackets', 400, '['.repeat(1000), {}],
  ['what gzip made small', 400, gzipSync(Buffer.alloc(1_000_000)), { 'content-encoding': 'gzip' }],
  ['an event without a name', 400, '{}', { 'x-gitea-event': '' }],
])('a signed body is refused: %s is %i', async (_, status, body, headers) => {
  expect((await api.hook(body, 'push', headers)).status).toBe(status);
  expect(await jobs()).toEqual([]);
});

test('a body over 1 MiB is 413 before anything is computed, said or not', async () => {
  const large = Buffer.alloc(1024 * 1024 + 1, ' ');
  expect((await api.hook(large, 'push', { 'content-length': String(large.length) })).status).toBe(413);
  const parts = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
  });
  const unsaid = { method: 'POST', body: parts, duplex: 'half' } as RequestInit;
  expect((await api.ask('/webhooks/gitea', unsaid)).status).toBe(413);
});

test('an unregistered repository is 404 and counted', async () => {
  const body = JSON.stringify(JSON.parse(`${push}`)).replaceAll('forge-bell', 'stranger');
  expect((await api.hook(body)).status).toBe(404);
  expect(await api.deps.metrics.render()).toContain(
    'bellows_webhooks_total{forge="gitea",outcome="unregistered"} 1',
  );
});

test('a forge that nobody knows, and one without a secret, are 404', async () => {
  expect((await api.ask('/webhooks/gitlab', { method: 'POST', body: push })).status).toBe(404);
  const shut = { ...api.deps.secrets.webhooks, gitea: [] };
  Object.assign(api.deps.secrets, { webhooks: shut });
  expect((await api.hook(push)).status).toBe(404);
});

test('a branch that comes back at the same commit is built again, for its deletion was told', async () => {
  const branch = fixture('push-new-branch');
  expect((await api.hook(branch)).status).toBe(202);
  expect((await api.hook(branch)).status).toBe(200);
  const gone = await api.hook(fixture('delete'), 'delete');
  expect([gone.status, await gone.json()]).toEqual([
    200,
    { answer: 'gone', ref: 'refs/heads/feature/louder' },
  ]);
  // Of another time: the same bytes once more would be a replay.
  const later = `${branch}`.replaceAll('2026-05-30T14:02:09Z', '2026-05-30T14:05:00Z');
  expect((await api.hook(later)).status).toBe(202);
  expect(await jobs()).toHaveLength(2);
});

test('what starts nothing is told so with 200, and a skipped push still moves its head', async () => {
  const skipped = await api.hook(fixture('push-skip-ci'));
  expect([skipped.status, await skipped.json()]).toEqual([
    200,
    { answer: 'ignored', reason: 'the commit message asks to skip' },
  ]);
  expect([...(await api.queue.heads(repository.id)).keys()]).toEqual(['refs/heads/main']);
  expect(await (await api.hook(fixture('create'), 'create')).json()).toMatchObject({ answer: 'ignored' });
  expect(await (await api.hook(fixture('push-test-delivery'))).json()).toEqual({ answer: 'ping' });
  expect(await jobs()).toEqual([]);
});

test('a repository’s own hook opens for that repository only, and an unknown hook is as wrong as a wrong secret', async () => {
  const { url, secret } = (await (
    await api.admin(`/api/v1/repositories/${repository.id}/hook`, { method: 'POST' })
  ).json()) as { url: string; secret: string };
  const send = (path: string, body: Buffer | string, key: string) =>
    api.ask(path, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'x-gitea-event': 'push',
        'x-gitea-signature': toSignature(Buffer.from(body), key),
      },
    });
  const path = new URL(url).pathname;
  expect((await send(path, push, secret)).status).toBe(202);
  expect((await send(path, push, webhookSecret)).status).toBe(401);
  expect((await send(path, `${push}`.replaceAll('forge-bell', 'other'), secret)).status).toBe(403);
  expect((await send(path.replace('gitea', 'github'), push, secret)).status).toBe(401);
  expect((await send('/webhooks/gitea/unknown', push, secret)).status).toBe(401);
  expect((await send('/webhooks/gitea/unknown', push, '')).status).toBe(401);
});

test('without Redis a push is 503 at once, with Retry-After, and is owed', async () => {
  const owed: (string | undefined)[] = [];
  api.deps.reconciler.owe = (id) => void owed.push(id);
  api.commands.disconnect();
  const start = performance.now();
  const response = await api.hook(push);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(performance.now() - start).toBeLessThan(1000);
  expect(owed).toEqual([repository.id]);
});

test('more pushes than begin in an hour are accepted all the same, and what is asked for is told when', async () => {
  await api.deps.repositories.put({ ...repository, jobsPerHour: 1 });
  expect((await api.hook(push)).status).toBe(202);
  expect((await api.hook(fixture('pull-request-opened'), 'pull_request')).status).toBe(202);
  expect((await jobs()).map(({ state }) => state).sort()).toEqual(['delayed', 'queued']);
  const json = { repository: repository.id, sha: 'a'.repeat(40) };
  const response = await api.admin('/api/v1/jobs', { method: 'POST', json });
  expect(response.status).toBe(429);
  // Until the hour after the next: that one is taken.
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(7000);
  expect(await response.json()).toMatchObject({ detail: expect.stringContaining('1 jobs an hour') });
});

test('a signed body that is sent again under a new id, when all that was known of it is gone, builds nothing', async () => {
  expect((await api.hook(push)).status).toBe(202);
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
  Object.assign(api.deps, { now: () => Date.parse('2026-06-07T00:00:00Z') });
  const owed: unknown[] = [];
  Object.assign(api.deps.reconciler, { owe: (id: string) => owed.push(id) });
  const response = await api.hook(push, 'push', { 'x-gitea-delivery': 'another' });
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    answer: 'ignored',
    reason: expect.stringContaining('older than'),
  });
  expect(await jobs()).toEqual([]);
  expect(await api.queue.heads(repository.id)).toEqual(new Map());
  // It may be true all the same: whoever knows is asked.
  expect(owed).toEqual([repository.id]);
});

test('within that time no body counts twice, whatever has happened since: no push, no deletion, no skip', async () => {
  const created = fixture('push-new-branch');
  const { ref, after } = JSON.parse(`${created}`);
  const gone = fixture('delete');
  const skip = fixture('push-skip-ci');
  const head = async (of: string) => (await api.queue.heads(repository.id)).get(of);
  for (const [body, event] of [[created], [gone, 'delete'], [created], [skip]] as const)
    await api.hook(body, event);
  expect(await head(ref)).toBeUndefined();
  expect(await jobs()).toHaveLength(1);
  await api.queue.noteHead(repository.id, ref, after);
  await api.queue.noteHead(repository.id, 'refs/heads/main', after);
  await api.hook(gone, 'delete', { 'x-gitea-delivery': 'another' });
  await api.hook(skip, 'push', { 'x-gitea-delivery': 'another' });
  expect([await head(ref), await head('refs/heads/main')]).toEqual([after, after]);
});
