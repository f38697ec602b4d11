/** What test and coverage reports say: JUnit XML, LCOV, Cobertura; hostile until read. No I/O. */
export { otherFolders, reportPaths } from './conventions.ts';
export { readReport } from './read-report.ts';
export type { Coverage, Report, Tests } from './report.ts';
export { ReportError } from './report-error.ts';
export { type ReportSummary, toSummary } from './summary.ts';
