import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  completionSchema,
  type JobResult,
  mostResultBytes,
  toFittingResult,
} from '../../../../services/core/job/index.ts';

const step = (i: number, ms: number) => ({ name: `step ${i} ${'x'.repeat(180)}`, ms, cpuMs: ms });

test('a result that is too large keeps the steps that took longest, in their order', () => {
  const steps = Array.from({ length: 900 }, (_, i) => step(i, (i * 7919) % 900));
  const { steps: kept = [], cloneMs } = toFittingResult({ cloneMs: 5, steps });
  expect(cloneMs).toBe(5);
  expect(kept.length).toBeGreaterThan(50);
  expect(Math.min(...kept.map(({ ms }) => ms))).toBe(900 - kept.length);
  expect(kept).toEqual(steps.filter((each) => kept.includes(each)));
});

test('whatever was measured, what is left of it is taken', () => {
  const measured = fc.record<JobResult>(
    {
      cloneMs: fc.nat(),
      steps: fc.array(fc.record({ name: fc.string({ maxLength: 200, unit: 'binary' }), ms: fc.nat() }), {
        maxLength: 700,
      }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(measured, (result) => {
      const completion = { outcome: 'success', result: toFittingResult(result) };
      expect(completionSchema.safeParse(completion).success).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('one of more bytes is refused', () => {
  const name = 'x'.repeat(200);
  const steps = Array.from({ length: Math.ceil(mostResultBytes / 200) }, () => ({ name, ms: 1 }));
  expect(completionSchema.safeParse({ outcome: 'success', result: { steps } }).success).toBe(false);
});
