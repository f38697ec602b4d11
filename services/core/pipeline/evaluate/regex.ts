import type { RE2JS } from 're2js';
import { EvaluateError } from './error.ts';

let engine: typeof RE2JS | undefined;

/**
 * Makes `matches` ready. It is a large module, so what reads files loads it only for those that use it.
 *
 * @param text a pipeline file.
 */
export async function loadPatterns(text: string): Promise<void> {
  if (/\bmatches\b/.test(text)) engine ??= (await import('./re2.ts')).RE2JS;
}

/** Whether a part of a text matches a pattern of RE2, in a time that grows with the text alone. */
export function isMatch(pattern: string, text: string): boolean {
  if (engine === undefined) throw new TypeError('a file with `matches` is evaluated without loadPatterns');
  return compile(engine, pattern).matcher(text).find();
}

/** @throws EvaluateError where a pattern is none, as far as patterns are loaded. */
export function checkPattern(pattern: string): void {
  if (engine !== undefined) compile(engine, pattern);
}

function compile(loaded: typeof RE2JS, pattern: string): RE2JS {
  if (pattern.length > 1000) throw new EvaluateError('a pattern is longer than 1000 characters');
  try {
    return loaded.compile(pattern);
  } catch (error) {
    const problem = String((error as Error).message).replaceAll(/\s+/g, ' ');
    throw new EvaluateError(`${JSON.stringify(pattern)} is no pattern of RE2: ${problem}`);
  }
}
