export interface Tests {
  passed: number;
  failed: number;
  skipped: number;
  /** Names of those that failed, the first ones; safe to show. */
  failing: string[];
}

/** Lines. */
export interface Coverage {
  covered: number;
  total: number;
}

export type Report =
  | { kind: 'junit'; tests: Tests }
  | { kind: 'lcov' | 'cobertura'; coverage: Coverage }
  /** Well-formed, and about something else. */
  | { kind: 'other' };
