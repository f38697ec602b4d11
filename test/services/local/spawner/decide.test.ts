import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decide, toDelay } from '../../../../services/local/spawner/decide.ts';

const idle = { queued: 0, expected: 0, claiming: 0, ready: 0, living: 0, cap: 4 };

test.each([
  ['no agent while nothing waits', {}, { start: 0, send: 0, end: 0 }],
  ['one for each that waits', { queued: 3 }, { start: 3, send: 3, end: 0 }],
  [
    'none for a job that has one on its way',
    { queued: 1, claiming: 1, living: 1 },
    { start: 0, send: 0, end: 0 },
  ],
  ['never more than the cap', { queued: 9, living: 3 }, { start: 1, send: 1, end: 0 }],
  [
    'none beside too many (a smaller cap than before)',
    { queued: 9, living: 5 },
    { start: 0, send: 0, end: 0 },
  ],
  [
    'one for a push that is being received, which may not claim yet',
    { expected: 1 },
    { start: 1, send: 0, end: 0 },
  ],
  [
    'the ready one claims when the job is there',
    { queued: 1, ready: 1, living: 1 },
    { start: 0, send: 1, end: 0 },
  ],
  ['the ready one ends when the push made no job', { ready: 1, living: 1 }, { start: 0, send: 0, end: 1 }],
])('%s', (_, world, decision) => {
  expect(decide({ ...idle, ...world })).toEqual(decision);
});

test('deciding twice changes nothing more, and the cap holds whatever waits', () => {
  const size = fc.integer({ min: 0, max: 50 });
  fc.assert(
    fc.property(size, size, size, size, size, size, (queued, expected, claiming, ready, busy, cap) => {
      const world = { queued, expected, claiming, ready, living: claiming + ready + busy, cap };
      const { start, send, end } = decide(world);
      if (start > 0) expect(world.living + start).toBeLessThanOrEqual(cap);
      expect(start === 0 || end === 0).toBe(true);
      const then = {
        ...world,
        claiming: claiming + send,
        ready: ready + start - send - end,
        living: world.living + start - end,
      };
      expect(then.ready).toBeGreaterThanOrEqual(0);
      expect(decide(then)).toEqual({ start: 0, send: 0, end: 0 });
    }),
  );
});

test('agents that fail at their start are started ever more slowly, up to a bound', () => {
  expect([0, 1, 2, 3, 50].map(toDelay)).toEqual([0, 100, 200, 400, 10_000]);
});
