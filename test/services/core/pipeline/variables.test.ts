import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { JobSpec } from '../../../../services/core/job/index.ts';
import { ciVariables, toCiVariables, toFilesVariable } from '../../../../services/core/pipeline/index.ts';
import { toSpec } from '../../../support/job.ts';

const context = {
  startedAt: 1_700_000_000,
  platform: 'linux/arm64',
  cloneUrl: 'http://127.0.0.1:7441/ada/engine.git',
  workspace: '/w',
  attempt: 2,
  fence: 3,
  job: '0'.repeat(20),
  page: 'http://127.0.0.1:7440/jobs/00000000000000000000',
};

test('a push is described in the words of Woodpecker', () => {
  expect(toCiVariables(toSpec({ workflow: 'build' }), context)).toMatchObject({
    CI: 'true',
    CI_REPO: 'ada/engine',
    CI_REPO_OWNER: 'ada',
    CI_COMMIT_BRANCH: 'main',
    CI_COMMIT_REF: 'refs/heads/main',
    CI_PIPELINE_EVENT: 'push',
    CI_WORKFLOW_NAME: 'build',
    CI_ATTEMPT: '2',
    CI_FENCE: '3',
    CI_SYSTEM_URL: 'http://127.0.0.1:7440',
  });
});

test('a tag has no branch, and a push no tag', () => {
  const tag = toCiVariables(toSpec({ event: 'tag', ref: 'refs/tags/v1', branch: 'v1' }), context);
  expect(tag).toMatchObject({ CI_COMMIT_TAG: 'v1' });
  expect(tag).not.toHaveProperty('CI_COMMIT_BRANCH');
  expect(toCiVariables(toSpec(), context)).not.toHaveProperty('CI_COMMIT_TAG');
});

test('a pull request names both branches', () => {
  const spec = toSpec({
    event: 'pull_request',
    ref: 'refs/pull/7/head',
    pullRequest: { number: 7, head: 'fix', fork: true },
  });
  expect(toCiVariables(spec, context)).toMatchObject({
    CI_COMMIT_PULL_REQUEST: '7',
    CI_COMMIT_SOURCE_BRANCH: 'fix',
    CI_COMMIT_TARGET_BRANCH: 'main',
  });
});

test('no value holds a NUL, which no environment can', () => {
  expect(toCiVariables(toSpec({ subject: 'a\0b' }), context).CI_COMMIT_MESSAGE).toBe('ab');
});

test('every variable of Woodpecker is accounted for, once', () => {
  const fixture = join(import.meta.dirname, '../../../fixtures/woodpecker/variables.json');
  const { names: recorded }: { names: string[] } = JSON.parse(readFileSync(fixture, 'utf8'));
  const names = ciVariables.map(({ name }) => name);
  expect(recorded.filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  const ours = ['CI_REPO_SCM', 'CI_JOB', 'CI_ATTEMPT', 'CI_FENCE', 'TRACEPARENT'];
  expect(names.filter((name) => !recorded.includes(name))).toEqual(ours);
});

test('a commit tells more of itself than its forge did', () => {
  const commit = { message: 'Fix it\n\nwhole', authorEmail: 'ada@example.org', at: 1_700_000_000 };
  expect(toCiVariables(toSpec({ before: 'b'.repeat(40), run: 3 }), { ...context, commit })).toMatchObject({
    CI_COMMIT_MESSAGE: 'Fix it\n\nwhole',
    CI_COMMIT_AUTHOR_EMAIL: 'ada@example.org',
    CI_COMMIT_TIMESTAMP: '1700000000',
    CI_PREV_COMMIT_SHA: 'b'.repeat(40),
    CI_PIPELINE_RERUNS: '2',
    CI_REPO_TRUSTED_NETWORK: 'false',
  });
});

test('the list of files is left out where there are too many', () => {
  expect(toFilesVariable(['a b', '"'])).toEqual({ CI_PIPELINE_FILES: '["a b","\\""]' });
  expect(toFilesVariable([])).toEqual({ CI_PIPELINE_FILES: '[]' });
  expect(toFilesVariable(Array(501).fill('a'))).toEqual({});
  expect(toFilesVariable(undefined)).toEqual({});
});

const facts = {
  remoteId: 17,
  private: true,
  page: 'https://gitea.example.org/ada/engine',
  ssh: 'git@gitea.example.org:ada/engine.git',
};
const pull = {
  number: 7,
  head: 'fix',
  fork: false,
  labels: ['loud', 'old'],
  milestone: 'One',
  draft: true as const,
};
const before = {
  job: '1'.repeat(20),
  spec: {
    ...{
      subject: 'Before',
      author: 'Eve',
      sender: 'eve',
      branch: 'main',
      ref: 'refs/pull/3/head',
      sha: 'b'.repeat(40),
    },
    ...{ event: 'pull_request_metadata' as const, reason: 'edited', pullRequest: { ...pull, number: 3 } },
    ...{ deployment: { target: 'there', task: 'deploy' }, commit: { email: 'eve@example.org', at: 5 } },
  },
  ...{ number: 8, parent: 2, createdAt: 1000, startedAt: 2000, finishedAt: 3999, state: 'timeout' as const },
};
const about = { version: '1.2.3', facts, lineage: { number: 9, createdAt: 7000, place: 2, before } };
const commit = { message: 'Fix', authorEmail: 'ada@example.org', at: 6 };
const whole = { ...context, page: `http://127.0.0.1:7440/jobs/${'0'.repeat(20)}`, commit, about };
const toPast = (name: string) =>
  toCiVariables(toSpec({ repository: 'gitea/ada/engine' }), whole)[`CI_PREV_${name}`];

test('every variable of Woodpecker has its value, or a reason why a step has none', () => {
  const events: Partial<JobSpec>[] = [
    { workflow: 'build', run: 2, sender: 'ada' },
    { event: 'tag', ref: 'refs/tags/v1', branch: 'v1' },
    { event: 'pull_request_metadata', ref: 'refs/pull/7/head', pullRequest: pull, reason: 'edited' },
    { event: 'release', ref: 'refs/tags/v1', release: { title: 'One', pre: true } },
    { event: 'deployment', deployment: { target: 'there', task: 'deploy' } },
  ];
  const known = events.flatMap((spec) =>
    Object.keys(toCiVariables(toSpec({ repository: 'gitea/ada/engine', ...spec }), whole)),
  );
  const without = ciVariables.filter(({ name }) => !known.includes(name));
  expect(without.map(({ name }) => name)).toEqual([
    // The agent adds these: run-pipeline.ts, toFilesVariable.
    ...['CI_PIPELINE_STATUS', 'CI_PIPELINE_FILES'],
    ...['CI_STEP_NAME', 'CI_STEP_TYPE', 'CI_STEP_NUMBER', 'CI_STEP_STARTED'],
    ...['CI_SCRIPT', 'CI_NETRC_USERNAME', 'CI_NETRC_PASSWORD', 'CI_NETRC_MACHINE'],
    'TRACEPARENT',
  ]);
  expect(ciVariables.filter(({ source }) => source.startsWith('not yet'))).toEqual([]);
});

test('a pipeline has a number, a parent, a page at its forge, and a face', () => {
  const of = (spec: Partial<JobSpec>) =>
    toCiVariables(toSpec({ repository: 'gitea/ada/engine', ...spec }), whole);
  expect(of({ sender: 'ada-l', author: 'Ada Lovelace' })).toMatchObject({
    CI_PIPELINE_NUMBER: '9',
    CI_PIPELINE_PARENT: '0',
    CI_PIPELINE_CREATED: '7',
    CI_PIPELINE_AUTHOR: 'ada-l',
    CI_PIPELINE_AVATAR: 'https://gitea.example.org/ada-l.png',
    CI_PIPELINE_FORGE_URL: `https://gitea.example.org/ada/engine/commit/${toSpec().sha}`,
    CI_REPO_PRIVATE: 'true',
    CI_REPO_CLONE_SSH_URL: facts.ssh,
    CI_SYSTEM_VERSION: '1.2.3',
    CI_WORKFLOW_NUMBER: '2',
  });
  const opened = of({ event: 'pull_request', ref: 'refs/pull/7/head', pullRequest: pull, sender: 'eve' });
  expect(opened).toMatchObject({
    CI_PIPELINE_AUTHOR: toSpec().author,
    CI_COMMIT_PULL_REQUEST_LABELS: 'loud,old',
    CI_COMMIT_PULL_REQUEST_MILESTONE: 'One',
    CI_COMMIT_PULL_REQUEST_DRAFT: 'true',
    CI_PIPELINE_FORGE_URL: 'https://gitea.example.org/ada/engine/pulls/7',
  });
  expect(of({ event: 'tag', ref: 'refs/tags/v 1' }).CI_PIPELINE_FORGE_URL).toMatch(/src\/tag\/v%201$/);
  expect(of({ author: '../../x', sender: '../../x' })).not.toHaveProperty('CI_PIPELINE_AVATAR');
  expect(of({ release: { title: 'One', pre: false }, event: 'release', ref: 'refs/tags/v1' })).toMatchObject({
    CI_PIPELINE_RELEASE_PRE: 'false',
    CI_PIPELINE_FORGE_URL: 'https://gitea.example.org/ada/engine/releases/tag/v1',
  });
});

test.each([
  ['PIPELINE_NUMBER', '8'],
  ['PIPELINE_PARENT', '2'],
  ['PIPELINE_STATUS', 'failure'],
  ['PIPELINE_FINISHED', '3'],
  ['PIPELINE_URL', `http://127.0.0.1:7440/jobs/${'1'.repeat(20)}`],
  ['PIPELINE_FORGE_URL', 'https://gitea.example.org/ada/engine/pulls/3'],
  ['COMMIT_SHA', 'b'.repeat(40)],
  ['COMMIT_REFSPEC', 'fix:main'],
  ['COMMIT_AUTHOR_EMAIL', 'eve@example.org'],
  ['COMMIT_TIMESTAMP', '5'],
])('of the pipeline before, %s is %s', (name, value) => {
  expect(toPast(name)).toBe(value);
});
