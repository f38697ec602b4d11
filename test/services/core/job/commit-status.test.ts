import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  isFinal,
  type Job,
  type JobState,
  jobStates,
  toCommitStatus,
} from '../../../../services/core/job/index.ts';
import { toSpec } from '../../../support/job.ts';

const toJob = (state: JobState, given: Partial<Job> = {}): Job => ({
  id: '0'.repeat(20),
  pipeline: '0'.repeat(20),
  pool: 'default',
  spec: toSpec(),
  state,
  cancelling: false,
  attempt: 1,
  fence: 1,
  createdAt: 0,
  steps: [],
  ...given,
});

test('a status is pending exactly while the job may still change, and green only for success and a skip by its own conditions', () => {
  for (const state of jobStates) {
    const told = toCommitStatus(toJob(state)).state;
    expect([state, told === 'pending']).toEqual([state, !isFinal(state)]);
    expect([state, told === 'success']).toEqual([state, state === 'success' || state === 'skipped']);
  }
});

test('a job that was skipped because another failed does not let a branch rule pass', () => {
  const reason = 'needs "build", which ended as failure';
  expect(toCommitStatus(toJob('skipped', { attempt: 0, reason }))).toMatchObject({ state: 'error' });
});

test('whatever a reason holds, the description is one line of at most 140 characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (reason) => {
      const { description } = toCommitStatus(toJob('failure', { reason: `a\u001b[31m\u202e\n${reason}` }));
      expect(description.length).toBeLessThanOrEqual(140);
      expect(description).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(description.isWellFormed()).toBe(true);
    }),
  );
});
