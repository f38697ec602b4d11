import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Artifact, Claim } from '../../../../services/core/job/index.ts';
import { toKey } from '../../../../services/core/queue/keys.ts';
import { openFolderStore } from '../../../../services/core/store/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

const MiB = 1024 * 1024;
let api: TestApi;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-artifacts-'));
  api = await openTestApi({ store: await openFolderStore(folder) });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

let agents = 0;
const start = async (repository = 'gitea/ada/forge-bell'): Promise<Claim> => {
  const job = toNewJob({ spec: toSpec({ repository, workflow: `w${agents}` }) });
  await api.queue.enqueue(toRequest([job]));
  agents += 1;
  return api.claim(`agent-${agents}`);
};
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const send = (claim: Claim, path: string, init: RequestInit & { json?: unknown }, token = claim.token) =>
  api.ask(`/api/v1/agent/jobs/${claim.job}/artifacts${path}`, { ...init, token });
const put = (claim: Claim, path: string, body: Uint8Array, token = claim.token) =>
  send(claim, path, { method: 'PUT', body: Buffer.from(body) }, token);
const post = (claim: Claim, path: string, json: unknown) => send(claim, path, { method: 'POST', json });
const toFile = (path: string, bytes: Uint8Array): Artifact => ({
  path,
  size: bytes.length,
  sha256: sha256(bytes),
});

const keep = async (claim: Claim, files: Record<string, Uint8Array>) => {
  const all = Buffer.concat(Object.values(files));
  const opened = await post(claim, '', { bytes: all.length, files: Object.keys(files).length });
  const { bundle } = (await opened.json()) as { bundle: number };
  for (let at = 0; at < all.length; at += MiB)
    expect((await put(claim, `/${bundle}/${at / MiB + 1}`, all.subarray(at, at + MiB))).status).toBe(204);
  const list = Object.entries(files).map(([path, bytes]) => toFile(path, bytes));
  expect((await post(claim, `/${bundle}`, { files: list })).status).toBe(204);
  return list;
};
const list = async ({ job }: Claim) => {
  const response = await api.admin(`/api/v1/jobs/${job}/artifacts`);
  return ((await response.json()) as { artifacts: Artifact[] }).artifacts;
};
const get = ({ job }: Claim, path: string, headers: Record<string, string> = {}) =>
  api.admin(`/api/v1/jobs/${job}/artifacts/file?path=${encodeURIComponent(path)}`, { headers });

describe('files that a job keeps', () => {
  const big = randomBytes(2 * MiB + 12_345);
  const small = Buffer.from('<script>alert(1)</script>');
  let claim: Claim;
  let files: Artifact[];
  beforeAll(async () => {
    claim = await start();
    files = await keep(claim, { 'dist/report.html': small, 'dist/app': big, 'empty.txt': Buffer.alloc(0) });
  });

  test('are listed by path', async () => {
    expect(await list(claim)).toEqual([...files].sort((a, b) => (a.path < b.path ? -1 : 1)));
  });

  test('are read byte for byte, also those that begin within a part', async () => {
    expect(Buffer.from(await (await get(claim, 'dist/app')).arrayBuffer())).toEqual(big);
    expect(await (await get(claim, 'empty.txt')).text()).toBe('');
  });

  test.each([
    ['bytes=0-9', 0, 10],
    ['bytes=1048576-', MiB, big.length],
    [`bytes=${MiB - 40}-${2 * MiB + 5}`, MiB - 40, 2 * MiB + 6],
    ['bytes=-5', big.length - 5, big.length],
  ])('a range of them is read: %s', async (range, from, until) => {
    const response = await get(claim, 'dist/app', { range, 'if-range': `"${sha256(big)}"` });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${from}-${until - 1}/${big.length}`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(big.subarray(from, until));
  });

  test('a range of another file is all of this one; one behind the end is refused; who has it gets nothing', async () => {
    const other = await get(claim, 'dist/app', { range: 'bytes=5-', 'if-range': '"other"' });
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, big.length]);
    const behind = await get(claim, 'dist/app', { range: `bytes=${big.length}-` });
    expect([behind.status, behind.headers.get('content-range')]).toEqual([416, `bytes */${big.length}`]);
    expect((await get(claim, 'dist/app', { 'if-none-match': `"${sha256(big)}"` })).status).toBe(304);
  });

  test.each([
    '../w/secret',
    'dist/../dist/app',
    '/etc/passwd',
    'dist//app',
    'dist/.',
    'a b',
    'dist/app\0',
    '%2e%2e/x',
  ])('the path %j is refused', async (path) => {
    expect((await get(claim, path)).status).toBe(400);
  });

  test('a file that is not there, and a job that is not', async () => {
    expect((await get(claim, 'dist')).status).toBe(404);
    expect((await get({ ...claim, job: 'f'.repeat(20) }, 'dist/app')).status).toBe(404);
  });

  test('of two with one path the last is meant', async () => {
    await keep(claim, { 'dist/app': small });
    expect(await (await get(claim, 'dist/app')).text()).toBe(small.toString());
  });
});

describe('who may', () => {
  test('an agent sends to its own job only, while it has it', async () => {
    const [one, two] = [await start(), await start()];
    const opened = await post(one, '', { bytes: 4, files: 1 });
    const { bundle } = (await opened.json()) as { bundle: number };
    const part = Buffer.from('four');
    expect((await put(one, `/${bundle}/1`, part, two.token)).status).toBe(403);
    expect((await put({ ...one, job: two.job }, `/${bundle}/1`, part, two.token)).status).toBe(409);
    expect((await send(one, '', { method: 'POST', json: { bytes: 1, files: 1 } }, two.token)).status).toBe(
      403,
    );
    expect((await put(one, `/${bundle}/1`, part, api.tokens.admin)).status).toBe(403);
    await api.queue.lost(`agent-${agents - 1}`, 'killed');
    expect((await put(one, `/${bundle}/1`, part)).status).toBe(403);
    await api.claim('agent-next');
  });

  test('a token that is limited to another repository knows nothing of them', async () => {
    const claim = await start('gitea/ada/secret');
    await keep(claim, { 'plan.txt': Buffer.from('secret') });
    await api.deps.repositories.put(repository);
    const made = await api.admin('/api/v1/tokens', {
      method: 'POST',
      json: { name: 'limited', role: 'view', repositories: ['gitea/ada/forge-bell'] },
    });
    const { token } = (await made.json()) as { token: string };
    const own = await start();
    await keep(own, { 'own.txt': Buffer.from('own') });
    const ask = async ({ job }: Claim, path: string) =>
      (await api.ask(`/api/v1/jobs/${job}/artifacts${path}`, { token })).status;
    expect([await ask(claim, ''), await ask(claim, '/file?path=plan.txt')]).toEqual([404, 404]);
    expect([await ask(own, ''), await ask(own, '/file?path=own.txt')]).toEqual([200, 200]);
    // A path of another job's is none of this one's.
    expect(await ask(own, '/file?path=plan.txt')).toBe(404);
  });

  test('nobody sees them without a credential', async () => {
    const claim = await start();
    expect((await api.ask(`/api/v1/jobs/${claim.job}/artifacts`)).status).toBe(401);
    expect((await api.ask(`/api/v1/jobs/${claim.job}/artifacts`, { token: claim.token })).status).toBe(403);
  });
});

describe('what is refused', () => {
  test('paths that are no plain names', async () => {
    const claim = await start();
    const { bundle } = (await (await post(claim, '', { bytes: 0, files: 1 })).json()) as { bundle: number };
    for (const path of [
      '../up',
      'a/../b',
      '/etc/passwd',
      'a//b',
      '.',
      '..',
      'a\nb',
      'ü',
      `${'x'.repeat(101)}`,
      'a\\b',
    ])
      expect([
        path,
        (await post(claim, `/${bundle}`, { files: [toFile(path, Buffer.alloc(0))] })).status,
      ]).toEqual([path, 400]);
  });

  test('more than there is room for, at once and together', async () => {
    const claim = await start('gitea/ada/room');
    expect((await post(claim, '', { bytes: 10 * MiB + 1, files: 1 })).status).toBe(422);
    expect((await post(claim, '', { bytes: 1, files: 1001 })).status).toBe(422);
    expect((await post(claim, '', { bytes: 10 * MiB, files: 1 })).status).toBe(200);
    expect((await post(claim, '', { bytes: 1, files: 1 })).status).toBe(422);
    expect((await post(await start('gitea/ada/room'), '', { bytes: 10 * MiB, files: 1 })).status).toBe(200);
    const full = await post(await start('gitea/ada/room'), '', { bytes: 1, files: 1 });
    expect([full.status, await full.text()]).toEqual([
      422,
      expect.stringContaining('The artifacts of this repository'),
    ]);
  });

  test('parts that are longer, shorter or beyond what was said, and files that are not all of it', async () => {
    const claim = await start();
    const { bundle } = (await (await post(claim, '', { bytes: MiB + 3, files: 1 })).json()) as {
      bundle: number;
    };
    expect((await put(claim, `/${bundle}/1`, Buffer.alloc(5))).status).toBe(422);
    expect((await put(claim, `/${bundle}/2`, Buffer.alloc(4))).status).toBe(422);
    expect((await put(claim, `/${bundle}/3`, Buffer.alloc(1))).status).toBe(422);
    expect((await put(claim, `/${bundle}/1`, Buffer.alloc(2 * MiB))).status).toBe(413);
    expect((await put(claim, '/99/1', Buffer.alloc(1))).status).toBe(409);
    expect((await post(claim, `/${bundle}`, { files: [toFile('a', Buffer.alloc(3))] })).status).toBe(422);
    expect(await list(claim)).toEqual([]);
  });
});

test('what is whole takes nothing more, and asking again is answered as before', async () => {
  const claim = await start();
  const files = await keep(claim, { a: Buffer.from('first') });
  expect((await put(claim, '/1/1', Buffer.from('other'))).status).toBe(204);
  expect((await post(claim, '/1', { files: [{ ...files[0], path: 'b' }] })).status).toBe(204);
  expect(await list(claim)).toEqual(files);
  expect(await (await get(claim, 'a')).text()).toBe('first');
});

test('what is too old is gone for who asks, and then from the store', async () => {
  const claim = await start('gitea/ada/old');
  await keep(claim, { a: Buffer.alloc(MiB + 1), b: Buffer.from('b') });
  const own = join(folder, 'artifacts', claim.job, '1');
  expect((await readdir(own)).sort()).toEqual(['1', '2', 'index']);
  await api.commands.zadd(toKey('bundles'), 1, `${claim.job} 1`);
  await api.deps.artifacts.sweep();
  expect(await list(claim)).toEqual([]);
  expect(await readdir(own)).toEqual([]);
  expect(await api.queue.audit()).toEqual([]);
});

test('an api without a store says so, and sweeps nothing', async () => {
  const bare = await openTestApi();
  try {
    await bare.queue.enqueue(toRequest([toNewJob()]));
    const { job, token } = await bare.claim('agent-1');
    const json = { bytes: 1, files: 1 };
    const refused = await bare.ask(`/api/v1/agent/jobs/${job}/artifacts`, { method: 'POST', token, json });
    expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('BELLOWS_STORE')]);
    const none = await bare.admin(`/api/v1/jobs/${job}/artifacts`);
    expect(await none.json()).toEqual({ artifacts: [] });
    await bare.deps.artifacts.sweep();
  } finally {
    await bare.close();
  }
});

test('the page of a job leads to its files, and shows no name as anything but text', async () => {
  const claim = await start('gitea/ada/page');
  const page = async (path: string) => {
    const response = await api.admin(`/jobs/${claim.job}${path}`, { headers: { accept: 'text/html' } });
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
    return response.text();
  };
  expect(await page('')).toContain(`<a href="/jobs/${claim.job}/artifacts">`);
  expect(await page('/artifacts')).toContain('It has kept none');
  await keep(claim, { 'dist/report.html': Buffer.from('x') });
  expect(await page('/artifacts')).toContain(
    `<a href="/api/v1/jobs/${claim.job}/artifacts/file?path=dist%2Freport.html" download>dist/report.html</a>`,
  );
});

test('what a job keeps is saved and never shown: hostile HTML runs nowhere', async () => {
  const claim = await start('gitea/ada/shown');
  await keep(claim, {
    'dist/report.html': Buffer.from('<script>alert(1)</script>'),
    'dist/app': Buffer.from('app'),
  });
  const { headers } = await get(claim, 'dist/report.html');
  expect(Object.fromEntries(headers)).toMatchObject({
    'content-type': 'text/html',
    'content-disposition': 'attachment; filename="report.html"',
    'content-security-policy': "sandbox; default-src 'none'",
    'x-content-type-options': 'nosniff',
  });
  expect((await get(claim, 'dist/app')).headers.get('content-type')).toBe('application/octet-stream');
});
