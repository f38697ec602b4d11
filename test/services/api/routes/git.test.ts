import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { RestError } from '../../../../services/core/forge/index.ts';
import type { Claim, JobSpec } from '../../../../services/core/job/index.ts';
import { type AgentBench, openAgentBench } from '../../../support/agent.ts';
import { publicUrl } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

const forgeToken = 'token-of-the-forge-0000000000000000000';
const fork = {
  event: 'pull_request',
  ref: 'refs/pull/7/head',
  pullRequest: { number: 7, head: 'fix', fork: true },
} as const satisfies Partial<JobSpec>;
const repository = {
  id: 'gitea/a/b',
  forge: 'gitea',
  name: 'a/b',
  defaultBranch: 'main',
  pool: 'default',
  timeLimitMs: 60_000,
} as const;

/** What the forge has in Git LFS. */
const lfs = new Map<string, Buffer>();
let bench: AgentBench;
let folder: string;
let claims = 0;
beforeAll(async () => {
  bench = await openAgentBench({ password: forgeToken, lfs });
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-git-'));
});
afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true });
});
afterEach(async () => {
  for (const { id, fence } of (await bench.api.queue.jobs({ limit: 100 })).jobs)
    await bench.api.queue.complete(id, fence, { outcome: 'success' });
  await bench.api.deps.repositories.put(repository);
  await bench.api.deps.repositories.describe(repository.id, { remoteId: 1, private: true });
  bench.forge.requests.length = 0;
});

const pipeline = (...commands: string[]) => ({
  '.bellows.yaml': JSON.stringify({ steps: { test: { commands } } }),
});
const ask = (claim: Claim, path: string, token: string | undefined = claim.token) =>
  bench.api.ask(`/api/v1/agent/jobs/${claim.job}/git/${path}`, { token });
/** Of a new job. */
const claimOne = async (spec: Partial<JobSpec> = {}) => {
  await bench.enqueue(pipeline('true'), spec);
  claims += 1;
  return bench.api.claim(`claimer-${claims}`);
};
const refs = 'info/refs?service=git-upload-pack';

/** What a program other than ours can do with a job's token. */
const git = async ({ job, token }: Claim, ...args: string[]) => {
  const at = `${bench.url}/api/v1/agent/jobs/${job}/git/`;
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${at}.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Bearer ${token}`,
  };
  const given = args.map((arg) => arg.replace('AT/', at));
  return promisify(execFile)('git', given, { env, cwd: folder, timeout: 20_000 });
};

test('an agent clones a private repository, and neither its files nor its steps nor its log know by what', async () => {
  const id = await bench.enqueue(
    pipeline(
      'env > environment; cat .git/config >> environment; cat /proc/$PPID/cmdline >> environment || true',
      'cat environment',
      'git config --get-regexp ".*" || true',
    ),
  );
  expect(await bench.agent()).toBe(0);
  expect((await bench.job(id)).state).toBe('success');
  const log = await bench.log(id);
  expect(log).toContain('CI_REPO_CLONE_URL');
  expect(log).toContain(`url = "${bench.forge.url('a/b')}"`);
  expect(log).not.toMatch(/Authorization|Bearer|api\/v1\/agent|bj\./);
  expect(log).not.toContain(forgeToken);
  expect(new Set(bench.forge.requests.map(({ user }) => user))).toEqual(new Set(['x-access-token']));
});

test('the files that a push changed, history and tags come the same way', async () => {
  await bench.forge.commit('a/b', { old: 'x' });
  await bench.forge.git('a/b', 'tag', 'v1', 'main');
  const before = await bench.forge.git('a/b', 'rev-parse', 'main');
  const text = JSON.stringify({
    clone: [{ name: 'clone', image: 'woodpeckerci/plugin-git', settings: { depth: 5, tags: true } }],
    steps: [{ name: 'test', commands: 'git tag; git rev-list --count HEAD', when: { path: 'new' } }],
  });
  const id = await bench.enqueue({ '.bellows.yaml': text, new: 'y' }, { before });
  await bench.agent();
  expect([await bench.log(id), (await bench.job(id)).state]).toEqual([
    expect.stringContaining('v1\n'),
    'success',
  ]);
});

test('a repository that its forge calls public is cloned from there', async () => {
  await bench.api.deps.repositories.describe('gitea/a/b', { remoteId: 1, private: false });
  expect((await claimOne()).clone).toEqual({ url: bench.forge.url('a/b') });
  await bench.api.deps.repositories.describe('gitea/a/b', { remoteId: 1, private: true });
  expect((await claimOne()).clone).toEqual({ url: bench.forge.url('a/b'), through: 'api' });
});

test('what a job has reads its own repository, a submodule that an admin allows, and writes nothing', async () => {
  await bench.forge.commit('a/lib', { lib: 'x' });
  const claim = await claimOne();
  expect(JSON.stringify(claim)).not.toContain(forgeToken);
  expect((await ask(claim, `a/b.git/${refs}`)).status).toBe(200);
  expect((await ask(claim, `a/lib.git/${refs}`)).status).toBe(502);
  await bench.api.deps.repositories.put({ ...repository, reads: ['gitea/a/lib'] });
  expect((await ask(claim, `a/lib.git/${refs}`)).status).toBe(200);
  await git(claim, 'clone', '--quiet', '--branch=main', 'AT/a/lib', 'lib');
  expect(await readdir(join(folder, 'lib'))).toContain('lib');
  await expect(git(claim, '-C', 'lib', 'push', '--quiet', 'origin', 'HEAD:refs/heads/x')).rejects.toThrow();
  expect(await bench.forge.git('a/lib', 'for-each-ref', 'refs/heads/x')).toBe('');
});

test('no more than a fetch is passed on', async () => {
  const claim = await claimOne();
  for (const [path, status] of [
    ['a/b.git/HEAD', 404],
    ['a/b.git/info/refs?service=git-receive-pack', 400],
    ['a/b.git/objects/info/packs', 404],
    ['-a/b.git/info/refs?service=git-upload-pack', 404],
    ['a/..%2fb/info/refs?service=git-upload-pack', 404],
    ['a/b%0a/info/refs?service=git-upload-pack', 404],
  ] as const)
    expect([path, (await ask(claim, path)).status]).toEqual([path, status]);
  expect(bench.forge.requests).toEqual([]);
});

test('the token reads nothing for another job, and nothing once its own is over', async () => {
  const first = await claimOne();
  const second = await claimOne();
  expect((await ask(first, `a/b.git/${refs}`, second.token)).status).toBe(403);
  expect((await ask(first, `a/b.git/${refs}`, bench.api.tokens.admin)).status).toBe(403);
  await bench.api.queue.complete(first.job, first.fence, { outcome: 'success' });
  expect((await ask(first, `a/b.git/${refs}`)).status).toBe(403);
});

test("a fork's pull request reads the repository that it is for, none that others may read, and is trusted with nothing", async () => {
  await bench.forge.commit('a/lib', { lib: 'x' });
  await bench.api.deps.repositories.put({ ...repository, reads: ['gitea/a/lib'], trustedWith: ['volumes'] });
  expect((await claimOne()).about?.trustedWith).toEqual(['volumes']);
  const claim = await claimOne(fork);
  expect(claim.about).not.toHaveProperty('trustedWith');
  expect((await ask(claim, `a/b.git/${refs}`)).status).toBe(200);
  expect((await ask(claim, `a/lib.git/${refs}`)).status).toBe(502);
});

test('a forge that refuses the token is named, and the token is not', async () => {
  const { secrets } = bench.api.deps;
  const claim = await claimOne();
  secrets.forges = { gitea: 'no longer good 00000000000000000000000' };
  const answer = await ask(claim, `a/b.git/${refs}`);
  secrets.forges = { gitea: forgeToken };
  const { detail } = (await answer.json()) as { detail: string };
  const said = expect.stringContaining('answers 401 for a/b with the token of this');
  expect([answer.status, detail]).toEqual([502, said]);
  expect(detail).not.toContain('no longer good');
});

test('where the forge gives a token for each repository, each is read with its own, and with none where there is none', async () => {
  const { secrets } = bench.api.deps;
  const asked: object[] = [];
  secrets.forges = {
    gitea: async ({ repository: name, use }) => {
      asked.push({ name, use });
      if (name === 'a/b') return forgeToken;
      throw new RestError(`no token for ${name}`, { isRefused: true });
    },
  };
  await bench.forge.commit('a/lib', { lib: 'x' });
  await bench.api.deps.repositories.put({ ...repository, reads: ['gitea/a/lib'] });
  const claim = await claimOne();
  const [own, other] = [await ask(claim, `a/b.git/${refs}`), await ask(claim, `a/lib.git/${refs}`)];
  secrets.forges = { gitea: forgeToken };
  expect([own.status, other.status]).toEqual([200, 502]);
  expect(((await other.json()) as { detail: string }).detail).toContain('no token for a/lib');
  expect(asked).toEqual([
    { name: 'a/b', use: 'clone' },
    { name: 'a/lib', use: 'clone' },
  ]);
});

test('a submodule of the same forge comes the same way, where it is allowed', async () => {
  const inner = await bench.forge.commit('a/lib', { deep: 'inside' });
  await bench.api.deps.repositories.put({ ...repository, reads: ['gitea/a/lib'] });
  const { git: run } = bench.forge;
  const text = JSON.stringify({
    clone: [{ name: 'clone', image: 'woodpeckerci/plugin-git', settings: { recursive: true } }],
    steps: [{ name: 'test', commands: 'cat lib/deep; cat .git/modules/lib/config lib/.git' }],
  });
  await bench.forge.commit('a/b', {
    '.bellows.yaml': text,
    '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n',
  });
  await run('a/b', 'read-tree', 'refs/heads/main');
  await run('a/b', 'update-index', '--add', '--cacheinfo', `160000,${inner},lib`);
  const sha = await run(
    'a/b',
    'commit-tree',
    await run('a/b', 'write-tree'),
    '-p',
    'refs/heads/main',
    '-m',
    'Lib',
  );
  await run('a/b', 'update-ref', 'refs/heads/main', sha);
  const spec = toSpec({ repository: 'gitea/a/b', sha });
  const { jobs } = (await bench.api.queue.enqueue(toRequest([toNewJob({ spec })]))) as { jobs: string[] };
  const id = jobs[0] ?? '';
  await bench.agent();
  const log = await bench.log(id);
  expect(log).toContain('inside');
  expect(log).toContain(`url = ${bench.forge.origin}/a/lib`);
  expect(log).not.toMatch(/Bearer|api\/v1\/agent/);
  expect((await bench.job(id)).state).toBe('success');
});

const inLfs = (content: Buffer) => {
  const oid = createHash('sha256').update(content).digest('hex');
  lfs.set(oid, content);
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${content.length}\n`;
  return { oid, size: content.length, pointer };
};
const askLfs = (claim: Claim, body: object, place = 'a/b.git') =>
  bench.api.ask(`/api/v1/agent/jobs/${claim.job}/git/${place}/info/lfs/objects/batch`, {
    method: 'POST',
    token: claim.token,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/vnd.git-lfs+json' },
  });
const lfsIsHere = spawnSync('git', ['lfs', 'version'], { stdio: 'ignore' }).status === 0;
if (!lfsIsHere) process.stderr.write('not tried: files in Git LFS, since there is no git-lfs\n');

(lfsIsHere ? test : test.skip)(
  'files in Git LFS of a private repository come the same way, and what reads them is in nothing that a step sees',
  async () => {
    const large = inLfs(Buffer.alloc(3_000_000, 'large, once\n'));
    const id = await bench.enqueue({
      ...pipeline('sha256sum deep/a.bin; git status --porcelain', 'env; cat .git/config; git lfs env'),
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
      '.lfsconfig': '[lfs]\n\turl = http://127.0.0.1:1/\n',
      'deep/a.bin': large.pointer,
    });
    expect(await bench.agent()).toBe(0);
    const log = await bench.log(id);
    expect(log).toContain(`${large.oid}  deep/a.bin\n`);
    expect(log).not.toContain('M deep/a.bin');
    expect(log).not.toMatch(/Bearer|api\/v1\/agent|bj\./);
    expect((await bench.job(id)).state).toBe('success');
    expect(bench.forge.requests.filter(({ line }) => line.includes('/info/lfs/'))).toEqual([
      { line: 'POST /a/b.git/info/lfs/objects/batch', user: 'x-access-token' },
      { line: `GET /a/b.git/info/lfs/objects/${large.oid}`, user: 'x-access-token' },
    ]);
  },
);

test('of a file in Git LFS an agent is told an address of ours, and never by what the forge gives it', async () => {
  const { oid, size } = inLfs(Buffer.from('once'));
  const lost = '0'.repeat(64);
  const claim = await claimOne();
  const objects = [
    { oid, size },
    { oid: lost, size: 1 },
  ];
  const answer = await askLfs(claim, { operation: 'download', transfers: ['basic', 'ssh'], objects });
  expect(answer.headers.get('content-type')).toContain('application/vnd.git-lfs+json');
  const text = await answer.text();
  const href = `${publicUrl}/api/v1/agent/jobs/${claim.job}/git/a/b.git/info/lfs/objects/${oid}?size=4`;
  expect(JSON.parse(text).objects).toEqual([
    { oid, size, authenticated: true, actions: { download: { href } } },
    { oid: lost, size: 1, authenticated: true, error: { code: 404, message: 'not there' } },
  ]);
  expect(text).not.toMatch(/[Aa]uthorization|Basic/);
  const read = (path: string, token = claim.token) => bench.api.ask(path.replace(publicUrl, ''), { token });
  expect(await (await read(href)).text()).toBe('once');
  // Of another size than the forge says, and of none.
  await expect((await read(href.replace('size=4', 'size=3'))).text()).rejects.toThrow();
  expect((await read(href.replace('size=4', 'size=-1'))).status).toBe(400);
  expect((await read(href.replace('?size=4', ''))).status).toBe(400);
  expect((await read(href.replace(oid, '..%2f..%2fx'))).status).toBe(400);
  expect((await read(href, (await claimOne()).token)).status).toBe(403);
});

test('Git LFS is passed on for downloads only, bounded, and for what the job may read', async () => {
  const { oid, size } = inLfs(Buffer.from('once'));
  await bench.forge.commit('a/lib', { lib: 'x' });
  const claim = await claimOne();
  bench.forge.requests.length = 0;
  const object = { oid, size };
  for (const body of [
    { operation: 'upload', objects: [object] },
    { operation: 'download', objects: [{ oid: oid.toUpperCase(), size }] },
    { operation: 'download', objects: [{ oid, size: 6 * 1024 ** 3 }] },
    { operation: 'download', objects: Array.from({ length: 1001 }, () => object) },
    { operation: 'download', objects: [object], hash_algo: 'md5' },
  ])
    expect((await askLfs(claim, body)).status).toBe(400);
  for (const path of ['locks', 'locks/verify', `objects/${oid}/verify`])
    expect((await ask(claim, `a/b.git/info/lfs/${path}`)).status).toBe(404);
  expect(bench.forge.requests).toEqual([]);
  const download = { operation: 'download', objects: [object] };
  expect((await askLfs(claim, download, 'a/lib.git')).status).toBe(502);
  expect((await askLfs(await claimOne(fork), download)).status).toBe(200);
});
