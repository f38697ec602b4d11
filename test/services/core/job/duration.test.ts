import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatDuration } from '../../../../services/core/display/index.ts';
import { parseDuration } from '../../../../services/core/job/index.ts';

test('what is shown as a duration is read as the same one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 3599 }), (seconds) => {
      expect(parseDuration(formatDuration(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
  expect(['1h30m', '2h 05m', '90s', '1d'].map(parseDuration)).toEqual([
    5_400_000, 7_500_000, 90_000, 86_400_000,
  ]);
});

test('nothing, zero, units that go up, and numbers without one are not durations', () => {
  expect(['', ' ', '0s', '30', '5s1m', '-1m', '1.5h', '1w', '9999999s'].map(parseDuration)).toEqual(
    Array(9).fill(undefined),
  );
});
