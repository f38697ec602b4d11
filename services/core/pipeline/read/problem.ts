import type * as z from 'zod';
import type { Path, PipelineDocument, YamlValue } from '../document.ts';
import { explainKey } from '../keys.ts';
import { PipelineError } from '../pipeline-error.ts';

/**
 * The first problem of a file, in words and with its place; a key that is wrong explains one that is missing.
 *
 * @param base where the value that was refused stands. @default the file
 */
export function toFirstError(
  issues: readonly z.core.$ZodIssue[],
  document: PipelineDocument,
  base: Path = [],
): PipelineError {
  const all = issues.map((given) => toInnermost(given, base, document.value));
  const issue = all.find(({ code }) => code === 'unrecognized_keys') ?? all[0];
  if (issue === undefined) throw new TypeError('a schema refused without an issue');
  return toError(issue, document);
}

/** Each problem that the schema has found, in the order of the file. */
export function toErrors(issues: readonly z.core.$ZodIssue[], document: PipelineDocument): PipelineError[] {
  const errors = issues
    .flatMap((issue) => toInnerIssues(issue, [], document.value))
    .flatMap((issue): z.core.$ZodIssue[] =>
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ ...issue, keys: [key] })) : [issue],
    )
    .map((issue) => toError(issue, document));
  return errors.sort((left, right) => left.line - right.line || left.column - right.column);
}

function toError(issue: z.core.$ZodIssue, document: PipelineDocument): PipelineError {
  const { path } = issue;
  const { file } = document;
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const { problem, hint } = explainKey(key, path, document.value);
    return new PipelineError(file, document.positionOfKey([...path, key]), problem, hint);
  }
  if (issue.code === 'invalid_key') {
    const problem = toInner(issue.issues)?.message ?? issue.message;
    return new PipelineError(
      file,
      document.positionOfKey(path),
      `${JSON.stringify(path.at(-1))}: ${problem}`,
    );
  }
  const expected = mismatches.has(issue.code) && issue.message.startsWith('expected');
  const given = expected ? toGiven(valueAt(document.value, path)) : '';
  return new PipelineError(file, document.positionOf(path), `${toName(path)}${issue.message}${given}`);
}

/** Of a choice of keys, what the last way says. */
function toInner(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  const [first] = issues;
  return first?.code === 'invalid_union' ? toInner(first.errors.at(-1) ?? []) : first;
}

/** Issues that say what was expected instead of what is there. */
const mismatches: ReadonlySet<string | undefined> = new Set([
  'invalid_type',
  'invalid_union',
  'invalid_value',
  'invalid_format',
]);

function toInnermost(issue: z.core.$ZodIssue, above: Path, value: YamlValue): z.core.$ZodIssue {
  const inner = toInnerIssues(issue, above, value);
  return inner.find(({ code }) => code === 'unrecognized_keys') ?? inner[0] ?? issue;
}

/** Of a choice, what is wrong with the way that the author seems to have meant: the one that got further than its own kind. */
function toInnerIssues(issue: z.core.$ZodIssue, above: Path, value: YamlValue): z.core.$ZodIssue[] {
  const path = [...above, ...issue.path];
  if (issue.code === 'invalid_union') {
    const isText = typeof valueAt(value, path) === 'string';
    for (const issues of issue.errors) {
      const first = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
      if (first === undefined) continue;
      const isKind = first.code === 'invalid_type' || (first.code === 'invalid_value' && !isText);
      if (first.path.length > 0 || !isKind) return issues.flatMap((one) => toInnerIssues(one, path, value));
    }
  }
  return [{ ...issue, path }];
}

function valueAt(value: YamlValue, path: Path): YamlValue | undefined {
  let inner: YamlValue | undefined = value;
  for (const part of path) {
    if (typeof inner !== 'object') return undefined;
    inner = (inner as Record<PropertyKey, YamlValue>)[part];
  }
  return inner;
}

function toGiven(value: YamlValue | undefined): string {
  if (value === undefined) return '';
  if (Array.isArray(value)) return ', not a list';
  if (typeof value === 'object') return ', not a map';
  if (value === '') return ', not nothing';
  return `, not ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value)}`;
}

/** `steps[0].commands: `, or nothing for the whole file. */
function toName(path: Path): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name === '' ? '' : `${name.replace(/^\./, '')}: `;
}
