import { cpSync, mkdtempSync, rmSync } from 'node:fs';
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
        { name: 'database', ports: [5432], secrets: [{ secret: 'database_password' }] },
        { name: 'cache', ports: [6379], kind: 'plugin' },
      ],
    });
    expect(plan?.steps[1]?.environment.OPTIONS).toBe('{"hosts":["database","cache"],"retries":3}');
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

describe('bellows run', () => {
  const run = (project: string) =>
    runCli(['run', '--engine', 'process'], {
      env: { PATH: process.env.PATH ?? '' },
      cwd: join(folder, project),
      now: 0,
    });

  test('runs several workflows in the order of their needs', async () => {
    const { code, stdout } = await run('multi-workflow');
    expect([code, stdout.match(/^(?:build|test|lint|deploy|notify)$/gm)]).toEqual([
      0,
      ['build', 'test', 'lint', 'deploy', 'notify'],
    ]);
  });

  test('runs a monorepo, and leaves out what is for failures', async () => {
    const { code, stdout, stderr } = await run('npm-monorepo');
    expect(stderr).toContain('tell: skipped');
    expect(stdout).toContain('pass 2');
    expect(code).toBe(0);
  });
});
