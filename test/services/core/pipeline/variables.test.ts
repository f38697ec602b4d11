import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
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
  const ours = ['CI_REPO_SCM', 'CI_SYSTEM_PLATFORM', 'CI_JOB', 'CI_ATTEMPT', 'CI_FENCE', 'TRACEPARENT'];
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
