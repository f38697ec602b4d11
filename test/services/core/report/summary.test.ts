import { expect, test } from '@jest/globals';
import { toPathFilter } from '../../../../services/core/pipeline/index.ts';
import { type Report, reportPaths, toSummary } from '../../../../services/core/report/index.ts';

const lcov: Report = { kind: 'lcov', coverage: { covered: 1, total: 2 } };
const cobertura: Report = { kind: 'cobertura', coverage: { covered: 1, total: 3 } };
const tests = (failing: string[]): Report => ({
  kind: 'junit',
  tests: { passed: 1, failed: failing.length, skipped: 2, failing },
});

test('the files of a job are one result', () => {
  const reports = [
    { path: 'a/junit.xml', report: tests(['x']) },
    { path: 'b/junit.xml', report: tests(['y']) },
    { path: 'pom.xml', report: { kind: 'other' as const } },
    { path: 'a/lcov.info', report: lcov },
    { path: 'b/coverage.xml', report: cobertura },
  ];
  expect(toSummary(reports)).toEqual({
    tests: { passed: 2, failed: 2, skipped: 4, failing: ['x', 'y'] },
    coverage: { covered: 2, total: 5 },
  });
});

test('the same coverage in both forms, side by side, counts once', () => {
  const reports = [
    { path: 'coverage/cobertura-coverage.xml', report: cobertura },
    { path: 'coverage/lcov.info', report: lcov },
  ];
  expect(toSummary(reports)).toEqual({ coverage: { covered: 1, total: 2 } });
});

test('nothing is said where there is nothing', () => {
  expect(toSummary([])).toEqual({});
});

test('names together stay small', () => {
  const many = Array.from({ length: 40 }, (_, i) => `${i} ${'語'.repeat(140)}`);
  const { tests: all } = toSummary([
    { path: 'a.xml', report: tests(many) },
    { path: 'b.xml', report: tests(many) },
  ]);
  expect(all?.failed).toBe(80);
  expect(Buffer.byteLength(JSON.stringify(all?.failing))).toBeLessThan(9 * 1024);
});

test.each([
  'junit.xml',
  'target/nextest/ci/junit.xml',
  'build/test-results/test/TEST-org.example.FooTest.xml',
  'app/target/surefire-reports/TEST-Foo.xml',
  'test-results/e2e/results.xml',
  'pytest.xml',
  'coverage/lcov.info',
  'lcov.info',
  'coverage.xml',
  'web/coverage/cobertura-coverage.xml',
  'out/coverage.cobertura.xml',
])('%s is where reports stand', (path) => {
  expect(toPathFilter(reportPaths).includes(path)).toBe(true);
});
