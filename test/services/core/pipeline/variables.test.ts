import { expect, test } from '@jest/globals';
import { toCiVariables } from '../../../../services/core/pipeline/index.ts';
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
