/** Where the usual tools write their reports; what is found there is read, and counts if it is one. */
export const reportPaths: readonly string[] = [
  // cargo-nextest, pytest, jest-junit, gotestsum, mocha, phpunit
  '**/{junit,*junit,junit*,test-results,test-report,pytest,nosetests}.xml',
  // Maven, Gradle, Ant
  '**/TEST-*.xml',
  '**/{test-results,test-reports,junit-reports,surefire-reports}/**/*.xml',
  // lcov, cargo-llvm-cov, jest, vitest, c8
  '**/{lcov,*.lcov}',
  '**/lcov.info',
  // coverage.py, coverlet, gocover-cobertura, jest
  '**/{coverage,cobertura,cobertura-coverage,coverage.cobertura}.xml',
];

/** Where no report of this job stands: what others have made, and what a compiler keeps. */
export const otherFolders: ReadonlySet<string> = new Set([
  '.git',
  'node_modules',
  '.venv',
  'venv',
  '.tox',
  'site-packages',
  'vendor',
  '.cargo',
  'deps',
  'incremental',
  '.fingerprint',
]);
