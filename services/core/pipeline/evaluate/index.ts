import { checkTypes } from './check.ts';
import { EvaluateError } from './error.ts';
import { parseTree } from './parse.ts';
import { runTree } from './run.ts';
import { toBoolean } from './value.ts';

export { EvaluateError } from './error.ts';
export { loadPatterns } from './regex.ts';

/**
 * Refuses an expression that is none, or could have no answer.
 *
 * @throws EvaluateError, and nothing else, whatever the text is.
 */
export function checkExpression(source: string): void {
  checkTypes(parseTree(source));
}

/**
 * Answers an expression of expr-lang (https://expr-lang.org), as Woodpecker v3 asks it: all variables are texts, and
 * one that is not there is empty. It knows what is about truths, texts, numbers, lists and maps; dates, bytes and bits
 * it refuses. It always ends, after a bounded time, with an answer or an error.
 *
 * @throws EvaluateError, and nothing else, whatever the text is.
 */
export function evaluate(source: string, variables: Readonly<Record<string, string>>): boolean {
  const tree = parseTree(source);
  checkTypes(tree);
  try {
    return toBoolean(runTree(tree, variables));
  } catch (error) {
    if (error instanceof RangeError) throw new EvaluateError('it makes too much');
    throw error;
  }
}
