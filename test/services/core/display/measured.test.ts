import { expect, test } from '@jest/globals';
import { formatBytes, toMeasuredFacts, toStepMeasures } from '../../../../services/core/display/index.ts';

test('sizes have one unit, and are never rounded up', () => {
  const sizes = [0, 999, 1000, 1999, 9999, 96_400_000, 999_999_999, 1e15];
  expect(sizes.map(formatBytes).join(', ')).toBe(
    '0 B, 999 B, 1.0 kB, 1.9 kB, 9.9 kB, 96 MB, 999 MB, 1000 TB',
  );
});

test('everything that was measured is said, and nothing that was not', () => {
  expect(toMeasuredFacts({})).toEqual([]);
  expect(
    toMeasuredFacts({
      cloneMs: 210,
      caches: [
        { name: 'cargo', hit: 'exact', bytes: 96_000_000, ms: 700, saved: 12_000 },
        { name: 'npm', hit: 'miss', bytes: 0, ms: 3 },
        { name: 'out', hit: 'miss', bytes: 0, ms: 3, unsaved: 'it has too many files to be kept' },
      ],
      tests: { passed: 118, failed: 1, skipped: 2, failing: ['cogs::turn'] },
      coverage: { covered: 812, total: 1000 },
      artifacts: { count: 2, bytes: 4_200_000 },
    }),
  ).toEqual([
    ['clone', '0.2s'],
    ['cache', 'cargo: hit, 96 MB in 0.7s, saved 12 kB'],
    ['cache', 'npm: miss'],
    ['cache', 'out: miss, not saved: it has too many files to be kept'],
    ['tests', '118 passed, 1 failed, 2 skipped'],
    ['failing', 'cogs::turn'],
    ['coverage', '81.2 % of 1000 lines'],
    ['artifacts', '2, 4.2 MB'],
  ]);
});

test('names that somebody else chose are safe to show, and no more of them than can be read', () => {
  const failing = Array.from({ length: 12 }, (_, i) => `test ${i}\u001b[2J`);
  const facts = toMeasuredFacts({ tests: { passed: 0, failed: 12, skipped: 0, failing } });
  expect(facts.flat().join('')).not.toContain('\u001b');
  expect(facts.at(-1)).toEqual(['failing', 'and 2 more']);
});

test('a step says what it used as far as that is known', () => {
  const step = { name: 'a', ms: 1 };
  expect([step, { ...step, cpuMs: 3200 }, { ...step, cpuMs: 0, peakBytes: 5e6 }].map(toStepMeasures)).toEqual(
    ['', 'cpu 3.2s', 'cpu 0.0s, 5.0 MB'],
  );
});
