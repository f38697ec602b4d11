import { posix } from 'node:path';
import type { Coverage, Report, Tests } from './report.ts';

/** What all reports of a job say together; nothing where there is none. */
export interface ReportSummary {
  tests?: Tests;
  coverage?: Coverage;
}

/** Of all names together, so that a job's result stays small. */
const mostNames = 50;
const mostNameBytes = 8 * 1024;

/** @param reports with their paths, in the order in which names are wanted */
export function toSummary(reports: readonly { path: string; report: Report }[]): ReportSummary {
  const tests: Tests = { passed: 0, failed: 0, skipped: 0, failing: [] };
  const coverage: Coverage = { covered: 0, total: 0 };
  const withLcov = new Set(
    reports.filter(({ report }) => report.kind === 'lcov').map(({ path }) => posix.dirname(path)),
  );
  let [hasTests, hasCoverage] = [false, false];
  for (const { path, report } of reports) {
    if (report.kind === 'other') continue;
    if (report.kind === 'junit') {
      hasTests = true;
      for (const end of ['passed', 'failed', 'skipped'] as const) tests[end] += report.tests[end];
      tests.failing.push(...report.tests.failing);
    } else if (report.kind === 'lcov' || !withLcov.has(posix.dirname(path))) {
      // Many tools write the same coverage in both forms, side by side.
      hasCoverage = true;
      coverage.covered += report.coverage.covered;
      coverage.total += report.coverage.total;
    }
  }
  return {
    ...(hasTests ? { tests: { ...tests, failing: toFitting(tests.failing) } } : {}),
    ...(hasCoverage ? { coverage } : {}),
  };
}

function toFitting(names: readonly string[]): string[] {
  let bytes = 0;
  return names.slice(0, mostNames).filter((name) => {
    bytes += Buffer.byteLength(name);
    return bytes <= mostNameBytes;
  });
}
