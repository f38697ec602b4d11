import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createJobCaches } from '../../../services/api/job-caches.ts';
import { probeIsolation } from '../../../services/core/execute/index.ts';
import type { JobResult, JobSpec } from '../../../services/core/job/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { openFolderStore } from '../../../services/core/store/index.ts';
import { type AgentBench, openAgentBench } from '../../support/agent.ts';

let root: string;
let bench: AgentBench;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'bellows-test-job-caches-'));
  const store = await openFolderStore(join(root, 'store'));
  const caches = createJobCaches({ store, quotaGib: 1, log: createLog('test', 'silent') });
  bench = await openAgentBench({ caches });
});
afterAll(async () => {
  await bench.close();
  await rm(root, { recursive: true, force: true });
});

/** One job, its agent at the place where the one before was, or beside it in a slot of its own. */
async function run(
  files: Record<string, string>,
  spec: Partial<JobSpec> = {},
  slot = 'slot',
  given: Parameters<AgentBench['agent']> = [],
) {
  const id = await bench.enqueue(files, spec);
  const at = (name: string) => join(root, name);
  const [folder, place, hide] = [at(slot), at('slot'), at('hidden')];
  for (const path of [folder, place, hide]) {
    await rm(path, { recursive: true, force: true });
    await mkdir(path);
  }
  const view = folder === place ? {} : { BELLOWS_PLACE: place };
  const settings = { BELLOWS_WORKSPACE: folder, BELLOWS_HIDE: hide, ...view, ...given[1] };
  const exitCode = await bench.agent(given[0], settings);
  const answer = (await (await bench.api.admin(`/api/v1/jobs/${id}`)).json()) as { result?: JobResult };
  const log = await bench.log(id);
  return { exitCode, state: (await bench.job(id)).state, caches: answer.result?.caches, log };
}

const counts = [
  'file="$npm_config_cache/_cacache/count"',
  'mkdir -p "$npm_config_cache/_cacache"',
  'echo run >> "$file"',
  'echo "runs: $(wc -l < "$file")"',
];
const toFiles = (commands: string[], lock = '1') => ({
  'package-lock.json': lock,
  '.bellows.yaml': JSON.stringify({ steps: [{ name: 'test', commands }] }),
});

test('a job finds what the one before has kept, and its result says so', async () => {
  const first = await run(toFiles(counts));
  expect([first.exitCode, first.state]).toEqual([0, 'success']);
  expect(first.caches).toEqual([
    { name: 'npm', hit: 'miss', bytes: 0, ms: expect.any(Number), saved: expect.any(Number) },
  ]);
  const second = await run(toFiles(counts));
  expect(second.log).toContain('runs: 2');
  expect(second.caches).toEqual([
    {
      name: 'npm',
      hit: 'exact',
      bytes: expect.any(Number),
      ms: expect.any(Number),
      saved: expect.any(Number),
    },
  ]);
  expect(second.caches?.[0]?.bytes).toBeGreaterThan(0);
  const third = await run(toFiles(counts, '2'), { branch: 'fix', ref: 'refs/heads/fix' });
  expect(third.log).toContain('runs: 3');
  expect(third.log).toContain('of another lock file');
  expect(third.caches?.[0]?.hit).toBe('older');
  // What the branch has made the default branch does not see.
  expect((await run(toFiles(counts))).log).toContain('runs: 3');
});

test('what was compiled in one slot is found by a job of another, which sees itself at the same place', async () => {
  const files = {
    '.bellows.yaml': JSON.stringify({
      cache: { out: { paths: ['out', '~/out'] } },
      steps: [
        {
          name: 'build',
          commands: ['mkdir -p out', 'pwd >> out/places', 'echo "places: $(sort -u out/places)"'],
        },
        { name: 'see', commands: ['test "$CI_WORKSPACE" = "$PWD"', 'test "$HOME/../tree" -ef "$PWD"'] },
      ],
    }),
  };
  const view = { folder: join(root, 'slot-1'), at: join(root, 'slot') };
  expect((await run(files)).caches?.[0]?.hit).toBe('miss');
  const other = await run(files, {}, 'slot-1');
  expect([other.exitCode, other.state]).toEqual([0, 'success']);
  if ((await probeIsolation({ hide: join(root, 'hidden'), view })).view === undefined)
    return process.stderr.write('skipped: caches of another slot (this machine refuses views)\n');
  expect(other.caches?.[0]?.hit).toBe('exact');
  expect(other.log).toContain(`places: ${join(root, 'slot', 'tree')}\n`);
  // What it has kept is of use in the first one again.
  expect((await run(files)).caches?.[0]?.hit).toBe('exact');
});

test("what was compiled is of no use to another toolchain, also where `auto` takes the machine's own", async () => {
  const bin = join(root, 'bin');
  await mkdir(bin);
  const compiler = (version: string) =>
    writeFile(join(bin, 'rustc'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
  const files = {
    '.bellows.yaml': JSON.stringify({
      cache: { compiled: { paths: 'compiled' } },
      steps: [{ name: 'build', commands: 'mkdir -p compiled; touch compiled/x' }],
    }),
  };
  const path = `${bin}:${process.env.PATH}`;
  const hits: unknown[] = [];
  for (const version of ['one', 'one', 'two']) {
    await compiler(version);
    const made = await run(files, {}, 'slot', [{ path }, { BELLOWS_ENGINE: 'auto' }]);
    hits.push(made.caches?.[0]?.hit);
  }
  expect(hits).toEqual(['miss', 'exact', 'miss']);
});

test("a failed job's work is kept; that of a fork's pull request is not, and of none whose file says off", async () => {
  const repository = 'gitea/a/b';
  const of = (branch: string) => ({
    repository,
    branch,
    ref: `refs/heads/${branch}`,
    defaultBranch: 'other',
  });
  expect((await run(toFiles([...counts, 'exit 3']), of('x'))).state).toBe('failure');
  const pull = {
    event: 'pull_request',
    ref: 'refs/heads/main',
    pullRequest: { number: 1, head: 'y', fork: true },
  } as const;
  expect((await run(toFiles(counts), { ...of('x'), ...pull })).log).toContain('runs: 2');
  expect((await run(toFiles(counts), of('x'))).log).toContain('runs: 2');
});

test('a tree without lock files loads nothing for caches, and asks for none', async () => {
  const asked: (string | undefined)[] = [];
  bench.setFault(({ url }) => {
    asked.push(url);
    return false;
  });
  const { caches } = await run({ '.bellows.yaml': 'steps: [{name: test, commands: "true"}]' });
  bench.setFault(undefined);
  expect(caches).toBeUndefined();
  expect(asked.filter((url) => url?.includes('/caches/'))).toEqual([]);
});

test('a store that answers nothing costs a job its caches, and nothing else', async () => {
  bench.setFault(({ url }, response) => {
    if (url?.includes('/caches/') !== true) return false;
    response.writeHead(503).end();
    return true;
  });
  const { state, log, caches } = await run(toFiles(['echo "home: $(ls -A "$HOME")"']));
  bench.setFault(undefined);
  expect(state).toBe('success');
  expect(log).toContain('cache npm is not used');
  expect(caches?.[0]?.hit).toBe('miss');
});

test('steps see neither the token nor the store', async () => {
  const { log } = await run(toFiles(['env', 'ls -A / ..']));
  expect(log).not.toContain('bk.');
  expect(existsSync(join(root, 'store', 'caches'))).toBe(true);
  expect(await readdir(join(root, 'slot'))).not.toContain('store');
});
