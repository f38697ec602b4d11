import type { Path } from '../document.ts';
import { checkExpression, EvaluateError } from '../evaluate/index.ts';
import type { Condition, PathPatterns, Patterns } from '../plan.ts';
import type { ConditionFile, WhenFile } from '../schema/when.ts';
import type { Reader } from './reader.ts';

type Texts = string | string[] | undefined;
type PatternsFile = Exclude<ConditionFile['branch'], undefined>;

const lists = ['branch', 'ref', 'repo', 'instance', 'platform', 'cron'] as const;

export function toConditions(reader: Reader, when: WhenFile | undefined, path: Path): Condition[] {
  if (when === undefined) return [];
  if (!Array.isArray(when)) return [toCondition(reader, when, path)];
  return when.map((condition, i) => toCondition(reader, condition, [...path, i]));
}

function toCondition(reader: Reader, given: ConditionFile, path: Path): Condition {
  const { event, status, matrix, evaluate, local } = given;
  const condition: Condition = {};
  if (event !== undefined) condition.event = [event].flat();
  for (const key of lists) {
    const patterns = given[key];
    if (patterns !== undefined) condition[key] = toPatterns(reader, patterns, [...path, key]);
  }
  if (given.path !== undefined) condition.path = toPathPatterns(reader, given.path, [...path, 'path']);
  if (status !== undefined) condition.status = [status].flat();
  if (matrix !== undefined) condition.matrix = toAxes(reader, matrix, [...path, 'matrix']);
  if (evaluate !== undefined) condition.evaluate = toExpression(reader, evaluate, [...path, 'evaluate']);
  if (local !== undefined) condition.local = local;
  return condition;
}

function toGlobs(reader: Reader, given: Texts, path: Path): string[] {
  if (given === undefined) return [];
  return typeof given === 'string'
    ? [reader.pattern(given, path)]
    : given.map((pattern, i) => reader.pattern(pattern, [...path, i]));
}

function toPatterns(reader: Reader, given: PatternsFile, path: Path): Patterns {
  if (typeof given === 'string' || Array.isArray(given))
    return { include: toGlobs(reader, given, path), exclude: [] };
  return {
    include: toGlobs(reader, given.include, [...path, 'include']),
    exclude: toGlobs(reader, given.exclude, [...path, 'exclude']),
  };
}

function toPathPatterns(
  reader: Reader,
  given: Exclude<ConditionFile['path'], undefined>,
  path: Path,
): PathPatterns {
  const patterns = toPatterns(reader, given, path);
  if (typeof given === 'string' || Array.isArray(given)) return { ...patterns, onEmpty: true };
  const { ignore_message: ignored, on_empty: onEmpty = true } = given;
  const ignoreMessage = ignored === undefined ? '' : reader.text(ignored, [...path, 'ignore_message']);
  return { ...patterns, onEmpty, ...(ignoreMessage === '' ? {} : { ignoreMessage }) };
}

function toAxes(
  reader: Reader,
  given: Exclude<ConditionFile['matrix'], undefined>,
  path: Path,
): Exclude<Condition['matrix'], undefined> {
  const read = (axes: Record<string, string>, at: Path) =>
    Object.fromEntries(
      Object.entries(axes).map(([name, value]) => [name, reader.pattern(value, [...at, name])]),
    );
  const { include, exclude } = given;
  if (typeof include === 'string' || typeof exclude === 'string')
    return { include: read(given as Record<string, string>, path), exclude: {} };
  if (include === undefined && exclude === undefined)
    return { include: read(given as Record<string, string>, path), exclude: {} };
  return {
    include: read(include ?? {}, [...path, 'include']),
    exclude: read(exclude ?? {}, [...path, 'exclude']),
  };
}

/** Nothing is replaced in it before it is read: an expression stays its author's. */
function toExpression(reader: Reader, given: string, path: Path): Exclude<Condition['evaluate'], undefined> {
  try {
    checkExpression(given);
    return { expression: given, position: reader.positionOf(path) };
  } catch (error) {
    if (!(error instanceof EvaluateError)) throw error;
    const hint = given.includes('${')
      ? 'a variable stands by its name alone: CI_COMMIT_BRANCH == "main"'
      : undefined;
    return reader.fail(path, `\`evaluate\`: ${error.message}`, hint);
  }
}
