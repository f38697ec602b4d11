/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2024', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Real Redis, git and processes on two cores that others use too: this only ends what hangs.
  testTimeout: 300_000,
  maxWorkers: 2,
  // Modules of finished suites stay in a worker's heap: it is replaced before its collections cost more than its tests.
  workerIdleMemoryLimit: '400MB',
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'json-summary', 'lcovonly'],
  collectCoverageFrom: ['charts/**/*.ts', 'services/**/*.ts', '!**/main.ts', '!**/index.ts'],
};
