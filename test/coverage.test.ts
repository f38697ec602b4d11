import { expect, test } from '@jest/globals';
import { readCoverage, toShortfalls } from './coverage.ts';

const summary = (files: Record<string, [covered: number, total: number]>) =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries({ total: [1, 1] as const, ...files }).map(([file, [covered, total]]) => [
        file === 'total' ? file : `/repo/${file}`,
        { lines: { total, covered } },
      ]),
    ),
  );

test('a program below 80 % is named, with its least tested file', () => {
  const lines = toShortfalls(
    readCoverage(
      summary({
        'services/api/app.ts': [70, 100],
        'services/api/config.ts': [5, 5],
        'services/core/job/apply.ts': [1000, 1000],
      }),
      '/repo',
    ),
  );
  expect(lines).toEqual([
    expect.stringMatching(/^coverage of services\/api: 71\.4 % .*services\/api\/app\.ts \(30 lines\)/),
  ]);
});

test('programs that pass can still leave the whole below 90 %', () => {
  const lines = toShortfalls(readCoverage(summary({ 'services/api/a.ts': [85, 100] }), '/repo'));
  expect(lines).toEqual([expect.stringMatching(/^coverage of the whole: 85\.0 %/)]);
});
