import { type Glob, GlobError, matchesGlob, parseGlob } from './glob.ts';

/** Variables by name; one that is not there is empty, as in envsubst. */
export type Variables = Readonly<Record<string, string>>;

export class SubstitutionError extends Error {
  override name = 'SubstitutionError';
}

/** One `${…}` as it was written. Operands are raw: they may hold expressions themselves. */
export interface Expression {
  name: string;
  operator: string;
  operand: string;
}

const maxDepth = 8;
/** A hostile file must not turn a few bytes into hours or gigabytes. */
const maxTrimmed = 1000;
const maxPattern = 100;
const maxResult = 64 * 1024;
const operators = [
  '^^',
  ',,',
  '##',
  '%%',
  '//',
  '/#',
  '/%',
  ':-',
  ':=',
  '^',
  ',',
  '#',
  '%',
  '/',
  '-',
  '=',
  ':',
];

/**
 * Replaces `${…}` in a text that has been parsed already, so that a value is never more than a value.
 * Known are the operations of envsubst that Woodpecker has: `${X}`, `${#X}`, `${X:-else}`, `${X:=else}`,
 * `${X-else}`, `${X=else}`, `${X:from}`, `${X:from:length}`, `${X#start}`, `${X##start}`, `${X%end}`,
 * `${X%%end}`, `${X/a/b}` (`//` all, `/#` at the start, `/%` at the end), `${X^}`, `${X^^}`, `${X,}`,
 * `${X,,}`. `$$` stands for `$`, so `$${X}` is `${X}` itself; a `$` before anything else is a `$`.
 *
 * @param toPart makes of each value what stands for it in the result. @default the value
 * @throws SubstitutionError naming the expression that cannot be understood.
 */
export function substitute(
  text: string,
  variables: Variables,
  toPart: (value: string, name: string) => string = (value) => value,
): string {
  return expand(text, variables, 0, toPart);
}

function expand(
  text: string,
  variables: Variables,
  depth: number,
  toPart: (value: string, name: string) => string = (value) => value,
): string {
  if (depth > maxDepth) throw new SubstitutionError(`more than ${maxDepth} expressions within each other`);
  let result = '';
  let done = 0;
  for (let at = text.indexOf('$'); at >= 0; at = text.indexOf('$', done)) {
    result += text.slice(done, at);
    if (text[at + 1] !== '{') {
      result += '$';
      done = at + (text[at + 1] === '$' ? 2 : 1);
      continue;
    }
    const closing = findClosing(text, at);
    done = closing < 0 ? text.length : closing + 1;
    const source = text.slice(at, done);
    if (closing < 0) throw new SubstitutionError(`${quote(source)} has no closing }`);
    const expression = toExpression(source);
    if (expression === undefined)
      throw new SubstitutionError(
        source.startsWith('${{')
          ? `${quote(source)} is of GitHub Actions; here a variable is \${NAME}`
          : `${quote(source)} is not an expression that is known`,
      );
    result += toPart(evaluate(expression, source, variables, depth), expression.name);
  }
  return result + text.slice(done);
}

/** Hands each `${…}` of a command to `replace`, as it stands; `$${…}` loses its first dollar. */
export function replaceExpressions(
  text: string,
  replace: (source: string, closed: boolean) => string,
): string {
  let result = '';
  let done = 0;
  for (let at = text.indexOf('${'); at >= 0; at = text.indexOf('${', done)) {
    const closing = findClosing(text, at);
    const end = closing < 0 ? text.length : closing + 1;
    const source = text.slice(at, end);
    if (at > done && text[at - 1] === '$') result += text.slice(done, at - 1) + source;
    else result += text.slice(done, at) + replace(source, closing >= 0);
    done = end;
  }
  return result + text.slice(done);
}

/** The place of the `}` that closes the `${` at `start`, or -1. */
function findClosing(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    if (text.startsWith('${', i)) {
      depth += 1;
      i += 1;
    } else if (text[i] === '}') {
      depth -= 1;
      if (depth === 0) return i;
    }
  }
  return -1;
}

export function toExpression(source: string): Expression | undefined {
  const inner = source.slice(2, -1);
  const [, counted] = /^#([A-Za-z_]\w*)$/.exec(inner) ?? [];
  if (counted !== undefined) return { name: counted, operator: 'length', operand: '' };
  const [name] = /^[A-Za-z_]\w*/.exec(inner) ?? [];
  if (name === undefined) return undefined;
  const rest = inner.slice(name.length);
  if (rest === '') return { name, operator: '', operand: '' };
  const operator = operators.find((known) => rest.startsWith(known));
  if (operator === undefined) return undefined;
  const operand = rest.slice(operator.length);
  return /^[\^,]/.test(operator) && operand !== '' ? undefined : { name, operator, operand };
}

function evaluate(
  { name, operator, operand }: Expression,
  source: string,
  variables: Variables,
  depth: number,
): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const given = value ?? '';
  const inner = (text: string): string => expand(text, variables, depth + 1);
  switch (operator) {
    case '':
      return given;
    case 'length':
      return String([...given].length);
    case '-':
      return value ?? inner(operand);
    case '=':
    case ':-':
    case ':=':
      return given === '' ? inner(operand) : given;
    case '^':
    case '^^':
    case ',':
    case ',,':
      return toCase(given, operator);
    case ':':
      return slice(given, inner(operand), source);
    case '#':
    case '##':
    case '%':
    case '%%':
      return trim(given, toGlob(inner(operand), source), operator);
    default:
      return replaceText(given, operator, inner(operand), source);
  }
}

function toCase(text: string, operator: string): string {
  if (operator === '^^') return text.toUpperCase();
  if (operator === ',,') return text.toLowerCase();
  const [first = '', ...rest] = text;
  return (operator === '^' ? first.toUpperCase() : first.toLowerCase()) + rest.join('');
}

function slice(text: string, operand: string, source: string): string {
  const [, from, length] = /^(\d{1,6})(?::(\d{1,6}))?$/.exec(operand) ?? [];
  if (from === undefined) throw new SubstitutionError(`${quote(source)} needs numbers, as in \${X:0:8}`);
  const characters = [...text].slice(Number(from));
  return (length === undefined ? characters : characters.slice(0, Number(length))).join('');
}

/** `#` and `%` take the shortest match away, `##` and `%%` the longest. */
function trim(text: string, glob: Glob, operator: string): string {
  const atStart = operator.startsWith('#');
  const lengths = Array.from({ length: Math.min(text.length, maxTrimmed) + 1 }, (_, length) => length);
  if (operator.length === 2) lengths.reverse();
  for (const length of lengths) {
    const part = atStart ? text.slice(0, length) : text.slice(text.length - length);
    if (matchesGlob(glob, part)) return atStart ? text.slice(length) : text.slice(0, text.length - length);
  }
  return text;
}

function toGlob(pattern: string, source: string): Glob {
  if (pattern.length > maxPattern)
    throw new SubstitutionError(`the pattern of ${quote(source)} is longer than ${maxPattern} characters`);
  try {
    return parseGlob(pattern, { slashes: false });
  } catch (error) {
    if (error instanceof GlobError)
      throw new SubstitutionError(`the pattern of ${quote(source)} ${error.message}`);
    throw error;
  }
}

/** What is looked for is plain text, as in the original. */
function replaceText(text: string, operator: string, operand: string, source: string): string {
  // A slash that is looked for is written `\/`, or stands at once after the operator.
  const [, escaped, after] = /^((?:^\/|\\.|[^/\\])*)\/(.*)$/s.exec(operand) ?? [];
  if (escaped === undefined || after === undefined)
    throw new SubstitutionError(`${quote(source)} needs a second slash, as in \${X/a/b}`);
  const wanted = escaped.replaceAll(/\\(.)/gs, '$1');
  const by = after.replaceAll('\\/', '/');
  if (wanted === '') return text;
  if (operator === '//') {
    const parts = text.split(wanted);
    if (text.length + parts.length * by.length > maxResult)
      throw new SubstitutionError(`${quote(source)} makes more than ${maxResult / 1024} KiB`);
    return parts.join(by);
  }
  if (operator === '/') return text.replace(wanted, () => by);
  if (operator === '/#') return text.startsWith(wanted) ? by + text.slice(wanted.length) : text;
  return text.endsWith(wanted) ? text.slice(0, text.length - wanted.length) + by : text;
}

const quote = (source: string): string =>
  JSON.stringify(source.length > 60 ? `${source.slice(0, 57)}...` : source);
