import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { loadPlans } from '../../../../services/core/execute/index.ts';
import {
  parsePipeline,
  printPlan,
  selectSteps,
  toPipelineJobs,
} from '../../../../services/core/pipeline/index.ts';
import { runCli } from '../../cli/cli.ts';

const projects = join(import.meta.dirname, '../../../fixtures/projects');
const push = { event: 'push', branch: 'main' };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-test-projects-'));
  cpSync(projects, folder, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const variables = { CI_COMMIT_SHA: 'a'.repeat(40), CI_COMMIT_BRANCH: 'main' };
const load = (project: string) => loadPlans(join(projects, project), { variables });
/** The names of the jobs of a push to main, and of the steps that run in each. */
const jobsOf = async (project: string, situation: object = {}) => {
  const { jobs } = toPipelineJobs(await load(project), { ...push, variables, ...situation });
  return jobs.map(({ name, plan, needs, runs }) => ({
    name,
    needs,
    runs,
    steps: selectSteps(plan, { ...push, variables, ...situation }).steps.map((step) => step.name),
  }));
};
const withoutPlaces = (value: unknown) =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === 'position' ? undefined : inner)));

const names = ['rust-workspace', 'npm-monorepo', 'python-services', 'go-matrix', 'multi-workflow'];

test.each(names)('%s has no problem, and what is printed of it is the same', async (project) => {
  const lint = await runCli(['lint'], { env: {}, cwd: join(folder, project), now: 0 });
  expect(lint).toMatchObject({ code: 0, stdout: '' });
  for (const plan of await load(project)) {
    const [printed] = parsePipeline(printPlan(plan), plan.source);
    expect(withoutPlaces(printed)).toEqual(withoutPlaces(plan));
  }
});

describe('of the shapes that people bring', () => {
  test('a Rust workspace is a graph', async () => {
    const [plan] = await load('rust-workspace');
    expect(plan?.steps.map(({ name, dependsOn }) => [name, dependsOn])).toEqual([
      ['fmt', []],
      ['build', []],
      ['test', ['build']],
      ['package', ['test']],
    ]);
    expect(plan?.steps[3]).toMatchObject({
      kind: 'artifacts',
      settings: { name: 'example-aaaaaaaa', paths: ['target/debug/example-cli'] },
    });
    expect(await jobsOf('rust-workspace', { changed: ['README.md'] })).toEqual([]);
    expect(await jobsOf('rust-workspace', { changed: ['crates/core/src/lib.rs'] })).toHaveLength(1);
  });

  test('an npm monorepo runs what the changed files ask for', async () => {
    const stepsOf = async (situation: object) =>
      (await jobsOf('npm-monorepo', situation)).flatMap(({ steps }) => steps);
    expect(await stepsOf({ changed: ['packages/b/x.js'] })).toEqual(['test', 'tell']);
    expect(await stepsOf({ changed: ['packages/a/x.js'] })).toEqual(['test', 'package a', 'tell']);
    expect(await stepsOf({ event: 'pull_request', changed: ['packages/a/x.md'] })).toEqual(['test']);
    expect(await stepsOf({ variables: { CI_COMMIT_MESSAGE: 'Mend [docs only]' } })).toEqual([]);
  });

  test('a Python project has its services, caches and secrets', async () => {
    const [plan] = await load('python-services');
    expect(plan).toMatchObject({
      timeoutMs: 1_200_000,
      concurrency: { limit: 1, group: 'python-main' },
      cache: [{ name: 'venv', paths: ['.venv'], key: ['pyproject.toml'] }],
      services: [
        { name: 'database', ports: [5432], secrets: [{ secret: 'cache_password' }] },
        { name: 'cache', ports: [47_311], kind: 'commands' },
        { name: 'mail', ports: [1025], kind: 'plugin' },
      ],
    });
    expect(plan?.steps[1]?.environment.OPTIONS).toBe('{"hosts":["cache","localhost"],"retries":3}');
  });

  test('a Go project has a job for each entry of its matrix', async () => {
    expect(await jobsOf('go-matrix')).toEqual([
      { name: 'woodpecker-1', needs: [], runs: 'success', steps: ['test'] },
      { name: 'woodpecker-2', needs: [], runs: 'success', steps: ['test'] },
      { name: 'woodpecker-3', needs: [], runs: 'success', steps: ['test', 'race'] },
      { name: 'woodpecker-4', needs: [], runs: 'success', steps: ['test'] },
    ]);
  });

  test('several workflows wait for each other', async () => {
    expect(await jobsOf('multi-workflow')).toEqual([
      { name: 'build', needs: [], runs: 'success', steps: ['build', 'test'] },
      { name: 'lint', needs: [], runs: 'success', steps: ['lint'] },
      { name: 'deploy', needs: ['build', 'lint'], runs: 'success', steps: ['deploy'] },
      { name: 'notify', needs: ['deploy'], runs: 'always', steps: ['notify'] },
    ]);
  });
});

/** Why it cannot be tried here; undefined where all of them work. */
function findMissing(...tools: string[][]): string | undefined {
  for (const [tool = '', ...args] of tools) {
    const tried = spawnSync(tool, args, { stdio: 'ignore', cwd: '/' });
    if (tried.status !== 0) return `${tool} does not work on this machine`;
  }
  return undefined;
}

describe('bellows run, with the tools of this machine', () => {
  const { PATH = '', HOME = '', XDG_CACHE_HOME } = process.env;
  const run = (project: string, ...words: string[]) =>
    runCli(['run', '--engine', 'process', ...words], {
      // What Go has compiled of itself is there the next time: it takes some 20 s.
      env: { PATH, HOME, ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }) },
      cwd: join(folder, project),
    });
  /** A claim about tools that this machine may not have. */
  const claim = (title: string, tools: string[][], check: () => Promise<void>, mostMs?: number) => {
    const missing = findMissing(...tools);
    if (missing === undefined) return test(title, check, mostMs);
    process.stderr.write(`not tried: ${title}, since ${missing}\n`);
    return test.skip(title, check);
  };

  claim('several workflows in the order of their needs', [['make', '--version']], async () => {
    const { code, stdout } = await run('multi-workflow');
    expect([code, stdout.match(/^(?:build|test|lint|deploy|notify)$/gm)]).toEqual([
      0,
      ['build', 'test', 'lint', 'deploy', 'notify'],
    ]);
  });

  claim('a monorepo, and leaves out what is for failures', [['npm', '--version']], async () => {
    const { code, stdout, stderr } = await run('npm-monorepo');
    expect(stderr).toContain('tell: skipped');
    expect(stdout).toContain('pass 2');
    expect(code).toBe(0);
  });

  claim(
    'a Rust workspace: two steps side by side, then its tests',
    [
      ['cargo', '--version'],
      ['cargo', 'fmt', '--version'],
    ],
    async () => {
      const { code, stdout, stderr } = await run('rust-workspace');
      expect([code, stderr.match(/^(?:fmt|build|test): success/gm)?.sort()]).toEqual([
        0,
        ['build: success', 'fmt: success', 'test: success'],
      ]);
      expect(stderr.indexOf('build: success')).toBeLessThan(stderr.indexOf('test: running'));
      expect(stdout).toContain('test tests::sums ... ok');
    },
    120_000,
  );

  claim(
    'a Python project: its service is ready before its first step, and has its secret',
    [
      ['python3', '-c', 'import unittest'],
      ['redis-server', '--version'],
    ],
    async () => {
      writeFileSync(join(folder, 'secrets.yaml'), 'cache_password: s3cret-of-a-test\n');
      const { code, stdout, stderr } = await run('python-services', '--secrets-file', '../secrets.yaml');
      expect([code, stdout.match(/^test_\w+ .*$/gm)]).toEqual([
        0,
        [expect.stringMatching(/^test_sums.* ok$/), expect.stringMatching(/^test_answers_who.* ok$/)],
      ]);
      expect(stderr).toMatch(/^cache: running\nunit: running\n/);
      expect(stdout).not.toContain('s3cret-of-a-test');
    },
  );

  claim(
    'a Go project once for each entry of its matrix, which share what was compiled',
    [['go', 'version']],
    async () => {
      const { code, stdout, stderr } = await run('go-matrix', '--event', 'pull_request');
      expect([code, stderr.match(/^workflow .*$/gm)]).toEqual([
        0,
        [
          'workflow woodpecker-1 GO=1.25 platform=linux/amd64',
          'workflow woodpecker-2 GO=1.25 platform=linux/arm64',
          'workflow woodpecker-3 GO=1.26 platform=linux/amd64',
          'workflow woodpecker-4 GO=1.26 platform=linux/arm64',
        ],
      ]);
      expect(stdout.match(/^ok\s+example\.org\/example/gm)).toHaveLength(4);
      expect(stdout.match(/\(cached\)/g)?.length).toBeGreaterThanOrEqual(3);
    },
    280_000,
  );
});
