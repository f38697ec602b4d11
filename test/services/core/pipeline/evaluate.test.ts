import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  checkExpression,
  EvaluateError,
  evaluate,
  loadPatterns,
} from '../../../../services/core/pipeline/evaluate/index.ts';

interface Recorded {
  env: Record<string, string>;
  answers: [string, boolean | 'refused' | 'failed'][];
}
const fixture = join(import.meta.dirname, '../../../fixtures/woodpecker/expr-lang.json');
const { env, answers }: Recorded = JSON.parse(readFileSync(fixture, 'utf8'));

beforeAll(() => loadPatterns('matches'));

/** What an expression gives, or `refused`. */
function answer(expression: string, variables = env): boolean | string {
  try {
    return evaluate(expression, variables);
  } catch (error) {
    if (error instanceof EvaluateError) return 'refused';
    throw error;
  }
}

function refusal(expression: string): string {
  try {
    checkExpression(expression);
  } catch (error) {
    return String((error as Error).message);
  }
  return 'accepted';
}

test.each(answers)('as the Go original: %s', (expression, recorded) => {
  expect(answer(expression)).toBe(typeof recorded === 'boolean' ? recorded : 'refused');
});

describe('an expression', () => {
  test('is refused with the place and what is wrong, whether or not it would be asked', () => {
    expect(refusal('CI_PIPELINE_NUMBER > 5')).toBe('at 20: string > int makes no sense');
    expect(refusal('true or CI_X + 1 == 2')).toBe('at 14: string + int makes no sense');
    expect(refusal('CI_X = "a"')).toBe('at 6: = compares nothing; write ==');
    expect(refusal('CI_X ==')).toBe('at 8: it ends too soon');
    expect(refusal('CI_X')).toBe('it is of type string, and has to be true or false');
    expect(refusal('now() > 1')).toBe('at 1: now is of expr-lang, but not known here');
    expect(refusal('date("2020-01-01").Year() == 1')).toBe('at 20: Year() is not known here');
    expect(refusal('CI_X matches "("')).toMatch(/^"\(" is no pattern of RE2: /);
    expect(refusal('split(CI_X) == []')).toBe('at 1: split takes 2 to 3 arguments, not 1');
  });

  test('has its texts replaced after it is read: a hostile branch stays a text', () => {
    const expression = '"$' + '{CI_COMMIT_BRANCH}" == "main"';
    expect(answer(expression, { CI_COMMIT_BRANCH: 'main' })).toBe(true);
    for (const branch of ['" == "" || "', 'main" == "main" || "', '$' + '{CI_X}', '\\'])
      expect(answer(expression, { CI_COMMIT_BRANCH: branch })).toBe(false);
  });

  test('ends, however much it asks for', () => {
    expect(answer('len(repeat("a", 100000000)) > 0')).toBe('refused');
    expect(answer('len(map(1..1000, map(1..1000, #))) > 0')).toBe('refused');
    expect(answer('len(0..999999999999) > 0')).toBe('refused');
    expect(answer('(2 ** 5000 * 0) == 1')).toBe(false);
    expect(refusal(`${'('.repeat(1500)}true${')'.repeat(1500)}`)).toBe('nested deeper than 100 levels');
    expect(refusal(`true${' and true'.repeat(460)}`)).toBe('longer than 4096 characters');
    expect(answer(`"${'a'.repeat(3000)}!" matches "^(a+)+$"`)).toBe(false);
  });

  test('of any text is answered or refused', () => {
    const part = fc.constantFrom(
      ...'CI_X "a" 1 ( ) [ ] { } == != + - * / % ** .. . ?. ?? ? : , ; | # not and or in matches let x = if else nil true len map filter $env'.split(
        ' ',
      ),
    );
    const text = fc.oneof(
      fc.array(part, { maxLength: 20 }).map((parts) => parts.join(' ')),
      fc.string({ unit: 'binary', maxLength: 60 }),
    );
    fc.assert(
      fc.property(text, (given) => {
        expect([true, false, 'refused']).toContain(answer(given, { CI_X: 'x' }));
      }),
      { numRuns: 500 },
    );
  });
});
