import type { Tests } from './report.ts';
import { toTestName } from './test-name.ts';
import type { XmlReader } from './xml.ts';

/** Names that are kept of one file. */
const mostNames = 50;

/**
 * Counts the test cases themselves: what suites say of their numbers is often wrong, and differs from one
 * tool to the next. One that failed and passed when it was repeated (`flakyFailure`) has passed.
 */
export function createJunitReader(): XmlReader & { tests: Tests } {
  const tests: Tests = { passed: 0, failed: 0, skipped: 0, failing: [] };
  let current: { name: string; end: 'passed' | 'failed' | 'skipped' } | undefined;
  return {
    tests,
    open(name, attribute) {
      if (name === 'testcase') {
        const isSkipped = skips.has(attribute('status') ?? '') || skips.has(attribute('result') ?? '');
        current = {
          name: toTestName(attribute('classname'), attribute('name')),
          end: isSkipped ? 'skipped' : 'passed',
        };
      }
      if (current === undefined) return;
      if (name === 'failure' || name === 'error') current.end = 'failed';
      if (name === 'skipped' && current.end === 'passed') current.end = 'skipped';
    },
    close(name) {
      if (name !== 'testcase' || current === undefined) return;
      tests[current.end] += 1;
      if (current.end === 'failed' && tests.failing.length < mostNames) tests.failing.push(current.name);
      current = undefined;
    },
  };
}

/** GoogleTest says it here, others by an element. */
const skips: ReadonlySet<string> = new Set(['notrun', 'disabled', 'suppressed', 'skipped']);
