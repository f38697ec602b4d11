import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isFinal, isFound, type Job, jobStates, toOutcome } from '../../../../services/core/job/index.ts';
import { toSpec } from '../../../support/job.ts';

test('a pipeline ends with its worst job, and not before its last', () => {
  expect(toOutcome([])).toBeUndefined();
  expect(toOutcome(['success', 'skipped'])).toBe('success');
  expect(toOutcome(['success', 'cancelled', 'failure'])).toBe('failure');
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...jobStates), { minLength: 1 }), (states) => {
      const outcome = toOutcome(states);
      expect(outcome !== undefined).toBe(states.every(isFinal));
      if (outcome !== undefined) expect(states).toContain(outcome);
    }),
  );
});

test('a job is found by part of what people know of it, and by the beginning of its ids', () => {
  const job = {
    id: 'abc0'.padEnd(20, '1'),
    spec: toSpec({ workflow: 'nightly', sha: 'fe'.repeat(20) }),
  } as Job;
  for (const text of ['engine', 'ENGINE', 'mai', 'ada', 'cogs', 'night', 'abc0', 'fefe'])
    expect([text, isFound(job, text)]).toEqual([text, true]);
  for (const text of ['bc0', 'efe0', 'other']) expect([text, isFound(job, text)]).toEqual([text, false]);
});
