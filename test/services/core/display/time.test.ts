import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAge, formatDuration } from '../../../../services/core/display/index.ts';

const unit: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a text says, and the size of its smallest digit, in milliseconds. */
function read(text: string): { ms: number; step: number } {
  const parts = text.split(' ');
  const ms = parts.reduce((sum, part) => sum + Number.parseFloat(part) * (unit[part.at(-1) ?? ''] ?? 0), 0);
  const last = parts.at(-1) ?? '';
  return { ms, step: last.includes('.') ? 100 : (unit[last.at(-1) ?? ''] ?? 0) };
}

test('an age has one unit and at most five columns', () => {
  expect([0, 999, 1000, 59_999, 60_000, 3_599_999, 86_399_999, 86_400_000].map(formatAge)).toEqual([
    'now',
    'now',
    '1s',
    '59s',
    '1m',
    '59m',
    '23h',
    '1d',
  ]);
  fc.assert(fc.property(fc.nat({ max: 9999 * 86_400_000 }), (ms) => formatAge(ms).length <= 5));
});

test('a clock that is ahead, or broken, makes neither a negative age nor a negative duration', () => {
  expect([-5000, Number.NaN].map(formatAge)).toEqual(['now', 'now']);
  expect([-5000, Number.NaN].map(formatDuration)).toEqual(['0.0s', '0.0s']);
});

test('a duration has as many units as a person reads', () => {
  expect([430, 9999, 10_000, 59_999, 65_000, 7_380_000, 273_600_000].map(formatDuration)).toEqual([
    '0.4s',
    '9.9s',
    '10s',
    '59s',
    '1m 05s',
    '2h 03m',
    '3d 04h',
  ]);
});

test('no duration is rounded up, and what is cut off is less than its last digit', () => {
  fc.assert(
    fc.property(fc.nat({ max: 400 * 86_400_000 }), (ms) => {
      const said = read(formatDuration(ms));
      expect(Math.round(said.ms)).toBeLessThanOrEqual(ms);
      expect(ms - Math.round(said.ms)).toBeLessThan(said.step);
    }),
  );
});
