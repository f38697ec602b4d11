import { expect, test } from '@jest/globals';
import { toCacheScopes } from '../../../services/api/cache-scopes.ts';
import type { JobSpec } from '../../../services/core/job/index.ts';
import { toSpec } from '../../support/job.ts';

const fork = {
  event: 'pull_request',
  ref: 'refs/pull/7/head',
  pullRequest: { number: 7, head: 'x', fork: true },
} as const;

test.each<[string, Partial<JobSpec>, { read: string[]; write?: string }]>([
  ['a branch', { branch: 'fix' }, { read: ['branch fix', 'branch main'], write: 'branch fix' }],
  ['the default branch', {}, { read: ['branch main'], write: 'branch main' }],
  [
    'a pull request',
    { ...fork, branch: 'next', pullRequest: { ...fork.pullRequest, fork: false } },
    { read: ['pull request 7', 'branch next', 'branch main'], write: 'pull request 7' },
  ],
  ["a fork's pull request", fork, { read: ['branch main'] }],
  ['a commit that was asked for by its id', { foreign: true }, { read: ['branch main'] }],
  ['a tag', { event: 'tag', ref: 'refs/tags/v1', branch: 'v1' }, { read: ['branch main'] }],
])('%s reads up, and writes at most its own', (_name, spec, scopes) => {
  expect(toCacheScopes(toSpec(spec))).toEqual(scopes);
});
