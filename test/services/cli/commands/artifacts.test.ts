import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createArtifactSender } from '../../../../services/agent/artifact-sender.ts';
import { keepArtifacts } from '../../../../services/agent/artifacts.ts';
import { createJobLink } from '../../../../services/agent/job-link.ts';
import { createTransport } from '../../../../services/core/client/index.ts';
import { openFolderStore } from '../../../../services/core/store/index.ts';
import { openAgentBench } from '../../../support/agent.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';
import { openWorkspace } from '../../../support/workspace.ts';
import { runCli } from '../cli.ts';

const big = randomBytes(2 * 1024 * 1024 + 5);
let kept: string;
let bench: Awaited<ReturnType<typeof openAgentBench>>;
let env: Record<string, string>;
let id: string;
let out: string;

beforeAll(async () => {
  kept = await mkdtemp(join(tmpdir(), 'bellows-test-artifacts-'));
  bench = await openAgentBench({ store: await openFolderStore(kept) });
  env = { BELLOWS_URL: bench.url, BELLOWS_TOKEN: bench.api.tokens.admin };
  await bench.api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: 'gitea/a/b' }) })]));
  const claim = await bench.api.claim('agent-1');
  id = claim.job;
  const { tree, close } = await openWorkspace();
  const transport = createTransport({ url: bench.url });
  await mkdir(join(tree, 'dist'));
  await writeFile(join(tree, 'dist/app'), big);
  await writeFile(join(tree, 'dist/readme.txt'), 'read me');
  await keepArtifacts({
    tree,
    uid: undefined,
    step: 'build',
    settings: { paths: ['dist'], exclude: [] },
    sender: createArtifactSender(createJobLink(transport, claim)),
    write: () => undefined,
    signal: new AbortController().signal,
  });
  transport.close();
  await close();
});
afterAll(async () => {
  await bench.close();
  await rm(kept, { recursive: true });
});
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'bellows-test-download-'));
});
afterEach(async () => {
  bench.setFault(undefined);
  await rm(out, { recursive: true });
});

const app = () => join(out, 'build/dist/app');
const run = (words: string[], columns?: number) =>
  runCli(['artifacts', ...words], { env, ...(columns === undefined ? {} : { columns }) });

test('the files are listed: for people, for scripts, and some of them', async () => {
  const { stdout } = await run([]);
  expect(stdout).toMatch(
    /^PATH +SIZE +SHA256\nbuild\/dist\/app +2\.0 MB +[0-9a-f]{64}\nbuild\/dist\/readme\.txt +7 B /,
  );
  const json = JSON.parse((await run([id, '--json', '**/*.txt'])).stdout) as {
    artifacts: { path: string }[];
  };
  expect(json.artifacts.map(({ path }) => path)).toEqual(['build/dist/readme.txt']);
  expect((await run(['-', 'build'])).stdout).toContain('build/dist/app');
});

test('nothing is said in a way that a script can tell', async () => {
  expect(await run([id, 'none'])).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining('None of the 2 files'),
  });
  expect(await run([id, 'none', '-d', out])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is called so'),
  });
  expect(await run([id, 'a{b', '-d', out])).toMatchObject({ code: 2 });
});

test('all of them are downloaded below their folders, and what is there is left', async () => {
  expect(await run([id, '-d', out])).toMatchObject({
    code: 0,
    stdout: `${app()}\n${out}/build/dist/readme.txt\n`,
  });
  expect((await readFile(app())).equals(big)).toBe(true);
  expect((await run([id, '-d', out])).stdout).toContain(`${app()} (was there)\n`);
  await writeFile(app(), randomBytes(big.length));
  expect((await run([id, '-d', out], 80)).stdout).not.toContain('app (was there)');
  expect((await readFile(app())).equals(big)).toBe(true);
});

test('a line that breaks is mended: each try goes on where the last one stopped', async () => {
  const asked: (string | undefined)[] = [];
  bench.setFault((request, response) => {
    if (request.url?.includes('dist%2Fapp') !== true) return false;
    asked.push(request.headers.range);
    if (asked.length > 2) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    response.writeHead(from === 0 ? 200 : 206, { 'content-length': big.length - from });
    response.write(big.subarray(from, from + 700_000), () => response.destroy());
    return true;
  });
  expect(await run([id, 'build/dist/app', '-d', out])).toMatchObject({ code: 0 });
  expect((await readFile(app())).equals(big)).toBe(true);
  expect(asked[0]).toBeUndefined();
  expect(asked.slice(1)).toEqual([
    expect.stringMatching(/^bytes=\d+-$/),
    expect.stringMatching(/^bytes=\d+-$/),
  ]);
});

test('what was cut off for good goes on the next time, and is called so only when it is whole', async () => {
  bench.setFault((request, response) => {
    if (request.url?.includes('dist%2Fapp') !== true) return false;
    response.writeHead(200, { 'content-length': big.length });
    if (request.headers.range === undefined)
      response.write(big.subarray(0, 500_000), () => response.destroy());
    else response.destroy();
    return true;
  });
  const cut = await run([id, '**/app', '-d', out]);
  expect(cut).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('the same again goes on from there'),
  });
  expect(await readdir(join(out, 'build/dist'))).toEqual(['app.part']);
  const ranges: (string | undefined)[] = [];
  bench.setFault((request) => {
    if (request.url?.includes('/file') === true) ranges.push(request.headers.range);
    return false;
  });
  expect(await run([id, '**/app', '-d', out])).toMatchObject({ code: 0 });
  expect(ranges).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  expect((await readFile(app())).equals(big)).toBe(true);
  expect(await readdir(join(out, 'build/dist'))).toEqual(['app']);
});

test('a draft of something else is seen by its sum, and the next time all of it is asked for', async () => {
  await mkdir(join(out, 'build/dist'), { recursive: true });
  await writeFile(`${app()}.part`, randomBytes(1000));
  const { code, stderr } = await run([id, '**/app', '-d', out]);
  expect([code, stderr]).toEqual([1, expect.stringContaining('came with other bytes than its sha256 says')]);
  expect(await run([id, '**/app', '-d', out])).toMatchObject({ code: 0 });
  await writeFile(`${app()}.part`, randomBytes(big.length + 1));
  await rm(app());
  expect(await run([id, '**/app', '-d', out])).toMatchObject({ code: 0 });
});

test('a draft that is a link is not written through', async () => {
  await mkdir(join(out, 'build/dist'), { recursive: true });
  await writeFile(join(out, 'mine'), 'mine');
  await symlink(join(out, 'mine'), `${app()}.part`);
  expect((await run([id, '**/app', '-d', out])).code).toBe(1);
  expect(await readFile(join(out, 'mine'), 'utf8')).toBe('mine');
});

test('a job of which nothing is known is refused by name', async () => {
  expect(await run(['f'.repeat(20), '-d', out])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no job'),
  });
});
