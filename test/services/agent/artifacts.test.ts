import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createArtifactSender } from '../../../services/agent/artifact-sender.ts';
import { createFence } from '../../../services/agent/fence.ts';
import { createJobLink } from '../../../services/agent/job-link.ts';
import { createOwnSteps } from '../../../services/agent/own-steps.ts';
import { createTransport, type Transport } from '../../../services/core/client/index.ts';
import type { Claim, JobResult } from '../../../services/core/job/index.ts';
import { stepDefaults } from '../../../services/core/pipeline/index.ts';
import { openFolderStore } from '../../../services/core/store/index.ts';
import { openAgentBench } from '../../support/agent.ts';
import { toNewJob, toRequest, toSpec } from '../../support/job.ts';
import { createOutput, openWorkspace } from '../../support/workspace.ts';

let folder: string;
const fence = createFence(60_000, () => undefined);
const none = Promise.resolve({ kind: 'none', reason: 'for a test' } as const);
let bench: Awaited<ReturnType<typeof openAgentBench>>;
let transport: Transport;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-artifacts-'));
  bench = await openAgentBench({ store: await openFolderStore(folder) });
  transport = createTransport({ url: bench.url });
});
afterAll(async () => {
  transport.close();
  await bench.close();
  await rm(folder, { recursive: true });
});

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let claim: Claim;
let measured: JobResult;
let agents = 0;
beforeEach(async () => {
  workspace = await openWorkspace();
  // A repository of its own, with the room that it has.
  const spec = toSpec({ repository: `gitea/a/r${agents}` });
  await bench.api.queue.enqueue(toRequest([toNewJob({ spec })]));
  agents += 1;
  claim = await bench.api.claim(`agent-${agents}`);
  measured = {};
});
afterEach(async () => {
  bench.setFault(undefined);
  await workspace.close();
});

const write = async (path: string, bytes: string | Uint8Array) => {
  await mkdir(dirname(join(workspace.tree, path)), { recursive: true });
  await writeFile(join(workspace.tree, path), bytes);
};
const keep = async (
  settings: { name?: string; paths: string[]; exclude?: string[] },
  {
    uid,
    name = 'up load',
    signal = new AbortController().signal,
  }: { uid?: number; name?: string; signal?: AbortSignal } = {},
) => {
  const output = createOutput();
  const artifacts = createArtifactSender(createJobLink(transport, claim));
  const own = createOwnSteps(
    { claim, uid, measured, artifacts, path: '', graceMs: 100, fence },
    workspace,
    none,
  );
  const step = {
    ...stepDefaults,
    name,
    commands: [],
    kind: 'artifacts',
    settings: { exclude: [], ...settings },
  } as const;
  const end = await own.artifacts?.({ step, variables: {}, write: output.write, signal });
  return { exitCode: end?.exitCode, text: output.text };
};
const list = () => bench.api.deps.artifacts.list(claim.job);
const names = async () => (await list()).map(({ path }) => path);

test('files of a glob are kept under the name of the step, byte for byte', async () => {
  const big = randomBytes(3 * 1024 * 1024 + 17);
  await write('dist/app', big);
  await write('dist/web/index.html', 'hello');
  await write('dist/app.map', 'map');
  expect(await keep({ paths: ['dist'], exclude: ['**/*.map'] })).toEqual({
    exitCode: 0,
    text: 'up-load/dist/app  3.1 MB\nup-load/dist/web/index.html  5 B\nKept: 2 files, 3.1 MB.\n',
  });
  expect(await names()).toEqual(['up-load/dist/app', 'up-load/dist/web/index.html']);
  const found = await bench.api.deps.artifacts.find(claim.job, 'up-load/dist/app');
  if (found === undefined) throw new Error('not kept');
  const parts: Buffer[] = [];
  for await (const part of bench.api.deps.artifacts.read(claim.job, found, 0, found.size)) parts.push(part);
  expect(Buffer.concat(parts).equals(big)).toBe(true);
  expect(found.sha256).toBe(createHash('sha256').update(big).digest('hex'));
  await keep({ name: 'second', paths: ['dist/app.map'] });
  expect(measured.artifacts).toEqual({ count: 3, bytes: big.length + 8 });
});

test('links and pipes are left out, and said', async () => {
  await write('out/real', 'real');
  await symlink('/etc/passwd', join(workspace.tree, 'out/passwd'));
  await symlink('/etc', join(workspace.tree, 'out/etc'));
  const { exitCode, text } = await keep({ name: 'out', paths: ['out/**'] });
  expect([exitCode, text]).toEqual([
    0,
    expect.stringContaining('out/passwd is left out: it is no plain file.'),
  ]);
  expect(await names()).toEqual(['out/out/real']);
});

test('a hard link to what is not of the steps’ user is refused', async () => {
  await writeFile(join(workspace.home, 'secret'), 'secret');
  await link(join(workspace.home, 'secret'), join(workspace.tree, 'mine'));
  expect(await keep({ paths: ['mine'] }, { uid: 54321 })).toEqual({
    exitCode: 1,
    text: 'mine cannot be kept: it is no file of this workspace.\n',
  });
});

test.each([
  ['nothing is called so', ['none/*'], 'No file is called none/*.'],
  ['a pattern leads out', ['../*'], 'The pattern "../*" leads out of the workspace.'],
  ['a name is no plain one', ['a file'], 'w/a file cannot be kept: names are of letters'],
  ['the git folder is not the author’s', ['.git/config'], 'No file is called .git/config.'],
  ['it is more than a job may keep', ['huge'], 'A job may keep 10485760 bytes'],
])('where %s the step fails and says it', async (_, paths, reason) => {
  await write('a file', 'x');
  await write('.git/config', 'x');
  await write('huge', '');
  await truncate(join(workspace.tree, 'huge'), 11 * 1024 * 1024);
  const { exitCode, text } = await keep({ name: 'w', paths });
  expect([exitCode, text]).toEqual([1, expect.stringContaining(reason)]);
  expect(await list()).toEqual([]);
});

test('a thousand and one files are too many', async () => {
  await mkdir(join(workspace.tree, 'many'));
  await Promise.all(Array.from({ length: 1001 }, (_, i) => writeFile(join(workspace.tree, `many/${i}`), '')));
  const { exitCode, text } = await keep({ paths: ['many'] });
  expect([exitCode, text]).toEqual([1, expect.stringContaining('There are more than 1000 files')]);
});

test('a file that changes while it is sent fails the step, and nothing of it is listed', async () => {
  await write('a', randomBytes(1024 * 1024));
  await write('b', 'before');
  bench.setFault((request) => {
    // The first part is on its way: the second file is not read yet.
    if (request.method === 'POST') void truncate(join(workspace.tree, 'b'), 1);
    return false;
  });
  expect(await keep({ paths: ['a', 'b'] })).toEqual({
    exitCode: 1,
    text: 'b was changed while it was being kept.\n',
  });
  expect(await list()).toEqual([]);
});

test('an api that is away for a while is waited for, and parts are sent again', async () => {
  await write('a', randomBytes(2 * 1024 * 1024));
  let failures = 0;
  bench.setFault((request, response) => {
    if (request.method !== 'PUT' || failures === 3) return false;
    failures += 1;
    request.resume();
    response.writeHead(503).end();
    return true;
  });
  expect(await keep({ paths: ['a'] })).toMatchObject({ exitCode: 0 });
  expect([failures, await names()]).toEqual([3, ['up-load/a']]);
});

test('an api of a version before says nothing of files, and the step says that', async () => {
  await write('a', 'a');
  claim = { ...claim, protocol: 2 };
  expect(await keep({ paths: ['a'] })).toMatchObject({
    exitCode: 1,
    text: expect.stringContaining('upgrade it'),
  });
});

test('a step that is ended sends no further', async () => {
  await write('a', 'a');
  expect(await keep({ paths: ['a'] }, { signal: AbortSignal.abort() })).toMatchObject({ exitCode: 143 });
});

test('what an attempt that was lost has kept is not mixed with the next one’s', async () => {
  await write('a', 'first');
  await keep({ name: 'old', paths: ['a'] });
  await bench.api.queue.lost(`agent-${agents}`, 'killed');
  await expect(keep({ name: 'late', paths: ['a'] })).rejects.toThrow();
  claim = await bench.api.claim(`agent-${agents}-again`);
  expect(await list()).toEqual([]);
  await keep({ name: 'new', paths: ['a'] });
  expect(await names()).toEqual(['new/a']);
});

test.each([
  ['.', 'artifacts/a'],
  ['..', 'artifacts/a'],
  ['../../up', '..-..-up/a'],
  ['größe 1', 'gr-e-1/a'],
])('of a step called %j files are kept as %s', async (name, path) => {
  await write('a', 'a');
  await keep({ paths: ['a'] }, { name });
  expect(await names()).toEqual([path]);
});
