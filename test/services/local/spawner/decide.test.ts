import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, toDelay } from '../../../../services/local/spawner/decide.ts';

test.each([
  ['no agent while nothing waits', { queued: 0, starting: 0, living: 0, cap: 4 }, 0],
  ['one for each that waits', { queued: 3, starting: 0, living: 0, cap: 4 }, 3],
  ['none for a job that has one on its way', { queued: 1, starting: 1, living: 1, cap: 4 }, 0],
  ['never more than the cap', { queued: 9, starting: 0, living: 3, cap: 4 }, 1],
  ['none beside too many (a smaller cap than before)', { queued: 9, starting: 0, living: 5, cap: 4 }, 0],
])('%s', (_, world, count) => {
  expect(decide(world)).toBe(count);
});

test('deciding twice starts nothing more, and the cap holds whatever waits', () => {
  const size = fc.integer({ min: 0, max: 50 });
  fc.assert(
    fc.property(size, size, size, size, (queued, starting, busy, cap) => {
      const world = { queued, starting, living: starting + busy, cap };
      const count = decide(world);
      if (count > 0) expect(world.living + count).toBeLessThanOrEqual(cap);
      expect(decide({ ...world, starting: starting + count, living: world.living + count })).toBe(0);
    }),
  );
});

test('agents that fail at their start are started ever more slowly, up to a bound', () => {
  expect([0, 1, 2, 3, 50].map(toDelay)).toEqual([0, 100, 200, 400, 10_000]);
});
