import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createJobCaches } from '../../../../services/api/job-caches.ts';
import { mostBlobBytes } from '../../../../services/core/cache/index.ts';
import type { Claim, JobSpec } from '../../../../services/core/job/index.ts';
import { createLog } from '../../../../services/core/log/index.ts';
import { openFolderStore, type Store } from '../../../../services/core/store/index.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let folder: string;
let reads = 0;
let api: TestApi;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-caches-'));
  const log = createLog('test', 'silent');
  const store = await openFolderStore(folder);
  const get: Store['get'] = (name, range) => {
    reads += 1;
    return store.get(name, range);
  };
  const caches = createJobCaches({ store: { ...store, get }, quotaGib: 1, log });
  api = await openTestApi({ caches });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const identity = 'a'.repeat(24);
const bytes = Buffer.from('what was built');
const sha256 = createHash('sha256').update(bytes).digest('hex');

let agents = 0;
let repository: string;
beforeEach(() => {
  repository = `local/ada/of-test-${agents}`;
});

async function claim(spec: Partial<JobSpec> = {}): Promise<Claim> {
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository, ...spec }) })]));
  agents += 1;
  return api.claim(`agent-${agents}`);
}

const toInit = (claimed: Claim, method: string, body?: Uint8Array): RequestInit & { token: string } => ({
  method,
  token: claimed.cache?.token ?? '',
  ...(body === undefined
    ? {}
    : { body: new Uint8Array(body), headers: { 'content-type': 'application/octet-stream' } }),
});

const ask = (claimed: Claim, path: string, method = 'GET', body?: Uint8Array, job = claimed.job) =>
  api.ask(`/api/v1/agent/jobs/${job}/caches/${path}`, toInit(claimed, method, body));

const toScope = (scope: string) => `entries/${identity}?scope=${encodeURIComponent(scope)}`;

const fork = {
  event: 'pull_request',
  ref: 'refs/pull/7/head',
  pullRequest: { number: 7, head: 'x', fork: true },
} as const;

test('what a job keeps, the next one of its branch finds, and the job itself when it has ended', async () => {
  const first = await claim();
  expect(first.cache).toEqual({ read: ['branch main'], write: 'branch main', token: expect.any(String) });
  expect((await ask(first, toScope('branch main'))).status).toBe(404);
  expect((await ask(first, `packs/${sha256}`, 'PUT', bytes)).status).toBe(204);
  await api.ask(`/api/v1/agent/jobs/${first.job}/complete`, {
    method: 'POST',
    token: first.token,
    json: { outcome: 'success', result: { caches: [{ name: 'target', hit: 'older', bytes: 7, ms: 1 }] } },
  });
  expect((await ask(first, `entries/${identity}`, 'PUT', bytes)).status).toBe(204);
  const next = await claim({ branch: 'fix' });
  expect(await (await ask(next, toScope('branch main'))).text()).toBe('what was built');
  expect(await (await ask(next, `packs/${sha256}`)).text()).toBe('what was built');
  expect((await ask(next, toScope('branch fix'))).status).toBe(404);
  const metrics = await (await api.ask('/metrics', { token: api.tokens.metrics })).text();
  expect(metrics).toContain('bellows_caches_total{hit="older"} 1');
  expect(metrics).toContain('bellows_cache_restored_bytes_total 7');
});

test('a pack comes in slices, each read from the store when the one before was taken', async () => {
  const large = randomBytes(3 * 512 * 1024);
  const name = createHash('sha256').update(large).digest('hex');
  const job = await claim();
  expect((await ask(job, `packs/${name}`, 'PUT', large)).status).toBe(204);
  reads = 0;
  const unread = await ask(job, `packs/${name}`);
  const reader = unread.body?.getReader();
  await reader?.read();
  expect(reads).toBeLessThanOrEqual(2);
  await reader?.cancel();
  const whole = Buffer.from(await (await ask(job, `packs/${name}`)).arrayBuffer());
  expect(whole.equals(large)).toBe(true);
});

test('what was kept is told when the job has ended, counts for its own caches, and changes what is shown', async () => {
  const job = await claim();
  const tell = (json: unknown) =>
    api.ask(`/api/v1/agent/jobs/${job.job}/caches/saved`, {
      method: 'POST',
      token: job.cache?.token ?? '',
      json,
    });
  const saved = [
    { name: 'target', bytes: 5 },
    { name: 'npm', bytes: 0, unsaved: 'too many files' },
    { name: 'made up', bytes: 6 },
  ];
  expect((await tell(saved)).status).toBe(404);
  const cache = { name: 'target', hit: 'miss', bytes: 0, ms: 1 };
  await api.ask(`/api/v1/agent/jobs/${job.job}/complete`, {
    method: 'POST',
    token: job.token,
    json: { outcome: 'failure', result: { cloneMs: 3, caches: [cache, { ...cache, name: 'npm' }] } },
  });
  const before = await api.admin(`/api/v1/jobs/${job.job}`);
  expect((await tell(saved)).status).toBe(204);
  expect((await tell(saved)).status).toBe(204);
  expect((await tell([{ name: 'target', bytes: -1 }])).status).toBe(400);
  const headers = { 'if-none-match': before.headers.get('etag') ?? '' };
  const after = await api.admin(`/api/v1/jobs/${job.job}`, { headers });
  expect(after.status).toBe(200);
  expect(await after.json()).toMatchObject({
    result: {
      cloneMs: 3,
      caches: [
        { ...cache, saved: 5 },
        { ...cache, name: 'npm', unsaved: 'too many files' },
      ],
    },
  });
});

test("a fork's pull request reads what its target has, and writes nothing, whatever its steps send", async () => {
  const main = await claim();
  await ask(main, `packs/${sha256}`, 'PUT', bytes);
  await ask(main, `entries/${identity}`, 'PUT', bytes);
  const stranger = await claim(fork);
  expect(stranger.cache).toEqual({ read: ['branch main'], token: expect.any(String) });
  expect((await ask(stranger, toScope('branch main'))).status).toBe(200);
  const other = Buffer.from('poison');
  const name = createHash('sha256').update(other).digest('hex');
  for (const path of [`packs/${name}`, `packs/${sha256}`, `entries/${identity}`]) {
    const refused = await ask(stranger, path, 'PUT', other);
    expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('writes none')]);
  }
  expect((await ask(stranger, `packs/${name}`)).status).toBe(404);
  expect(await (await ask(main, `packs/${sha256}`)).text()).toBe('what was built');
});

test('what a pull request has made no branch reads, nor another repository', async () => {
  const pull = await claim({ ...fork, pullRequest: { ...fork.pullRequest, fork: false } });
  await ask(pull, `packs/${sha256}`, 'PUT', bytes);
  await ask(pull, `entries/${identity}`, 'PUT', bytes);
  const main = await claim();
  expect((await ask(main, toScope('branch main'))).status).toBe(404);
  expect((await ask(main, toScope('pull request 7'))).status).toBe(403);
  const elsewhere = await claim({ repository: 'local/ada/loom' });
  expect((await ask(elsewhere, `packs/${sha256}`)).status).toBe(404);
});

test('a pack is what its name says, nothing is larger than a part may be, and names lead nowhere', async () => {
  const job = await claim();
  const wrong = await ask(job, `packs/${'0'.repeat(64)}`, 'PUT', bytes);
  expect([wrong.status, await wrong.text()]).toEqual([403, expect.stringContaining('SHA-256')]);
  expect((await ask(job, `packs/${sha256}`, 'PUT', Buffer.alloc(mostBlobBytes + 1))).status).toBe(413);
  for (const path of ['packs/..%2f..%2fx', `entries/${'A'.repeat(24)}?scope=branch%20main`])
    expect([path, (await ask(job, path)).status]).toEqual([path, 400]);
});

test('the token opens the caches of its own job, and nothing else', async () => {
  const [one, two] = [await claim(), await claim()];
  expect((await ask(one, `packs/${sha256}`, 'GET', undefined, two.job)).status).toBe(403);
  const token = one.cache?.token ?? '';
  const heartbeat = await api.ask(`/api/v1/agent/jobs/${one.job}/heartbeat`, { method: 'POST', token });
  expect(heartbeat.status).toBe(403);
  const byJob = await api.ask(`/api/v1/agent/jobs/${one.job}/caches/packs/${sha256}`, { token: one.token });
  expect(byJob.status).toBe(403);
  const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
  expect(
    (await api.ask(`/api/v1/agent/jobs/${one.job}/caches/packs/${sha256}`, { token: forged })).status,
  ).toBe(401);
});

test('an api that keeps no caches gives no token for them', async () => {
  const without = await openTestApi();
  try {
    await without.queue.enqueue(toRequest([toNewJob()]));
    expect((await without.claim('agent')).cache).toBeUndefined();
  } finally {
    await without.close();
  }
});
