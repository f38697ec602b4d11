import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Course, toQuantile, toTimes } from '../../../services/demo/times.ts';

const course: Course = {
  start: 0,
  sent: 20,
  accepted: 80,
  spawned: 90,
  claimed: 170,
  step: 260,
  line: 300,
  finished: 380,
};

test('a quantile is one of the values, with at least its share of them not above it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const quantile = toQuantile(values, share);
        expect(values).toContain(quantile);
        const below = values.filter((value) => value <= quantile).length;
        expect(below / values.length).toBeGreaterThanOrEqual(share - 1e-9);
      },
    ),
  );
  expect(toQuantile([], 0.5)).toBeNaN();
  expect(toQuantile([4, 1, 3, 2], 0.5)).toBe(2);
});

test('the parts of one run add up to the whole', () => {
  const times = toTimes([course], [{ push: 60, node: 40, clone: 100 }]);
  const sum = times.split.reduce((total, { quantiles }) => total + quantiles.p50, 0);
  expect(sum).toBe(times.total.p50);
  expect(times.line.p50).toBe(300);
  expect(times.ratio).toBe(1.5);
  expect(times.floor.at(-1)?.quantiles.p50).toBe(200);
});

test('where the machine does not say when a process started, the claim has it all', () => {
  const { spawned: _, ...rest } = course;
  const split = new Map(toTimes([rest], []).split.map(({ name, quantiles }) => [name, quantiles.p50]));
  expect([split.get('spawn'), split.get('claim')]).toEqual([0, 90]);
});

test('two clocks that disagree by a millisecond make no part negative', () => {
  const times = toTimes([{ ...course, accepted: 19, spawned: 18 }], []);
  expect(Math.min(...times.split.map(({ quantiles }) => quantiles.p50))).toBeGreaterThanOrEqual(0);
});
