import { EvaluateError } from './error.ts';

export interface Token {
  kind: 'name' | 'number' | 'text' | 'operator' | 'bracket' | 'end';
  text: string;
  /** In characters, from 1. */
  at: number;
}

const words: ReadonlySet<string> = new Set([
  'not',
  'in',
  'or',
  'and',
  'matches',
  'contains',
  'startsWith',
  'endsWith',
  'let',
  'if',
  'else',
]);

const space = /[\p{White_Space}]+|\/\/[^\n]*|\/\*[\s\S]*?\*\//uy;
const name = /[\p{L}\p{Nd}_$]+/uy;
const number =
  /0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*(?:\.(?!\.)[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?[\d_]*)?/y;
const operator = /\|\|?|::?|\?[?.]?|\.\.?|[&!=*<>][&=*]?|[/,;%+^#-]/y;

/** @throws EvaluateError */
export function toTokens(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0];
  };
  const add = (kind: Token['kind'], text: string, length = text.length) => {
    tokens.push({ kind, text, at: at + 1 });
    at += length;
  };
  while (at < source.length) {
    const blank = take(space);
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const character = source.charAt(at);
    const isDigit = /\d/.test(character) || (character === '.' && /\d/.test(source.charAt(at + 1)));
    if (isDigit) {
      const digits = take(number) ?? character;
      if (/[\p{L}\p{Nd}_$]/u.test(source.charAt(at + digits.length)))
        throw new EvaluateError(
          `at ${at + 1}: ${JSON.stringify(`${digits}${source.charAt(at + digits.length)}`)} is no number`,
        );
      add('number', digits);
    } else if (/["'`]/.test(character)) {
      const { text, length } = readText(source, at);
      add('text', text, length);
    } else if (/[()[\]{}]/.test(character)) add('bracket', character);
    else {
      const word = take(name);
      const sign = word === undefined ? take(operator) : undefined;
      if (word !== undefined) add(words.has(word) ? 'operator' : 'name', word);
      else if (sign !== undefined) add('operator', sign);
      else throw new EvaluateError(`at ${at + 1}: ${JSON.stringify(character)} has no meaning`);
    }
  }
  tokens.push({ kind: 'end', text: '', at: at + 1 });
  return tokens;
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

function readText(source: string, start: number): { text: string; length: number } {
  const quote = source.charAt(start);
  const fail = (at: number, problem: string): never => {
    throw new EvaluateError(`at ${at + 1}: ${problem}`);
  };
  if (quote === '`') {
    const end = source.indexOf('`', start + 1);
    if (end < 0) fail(start, 'the text has no closing `');
    return { text: source.slice(start + 1, end), length: end + 1 - start };
  }
  let text = '';
  let at = start + 1;
  while (source[at] !== quote) {
    const character = source[at];
    if (character === undefined || character === '\n') return fail(start, `the text has no closing ${quote}`);
    if (character !== '\\') {
      text += character;
      at += 1;
      continue;
    }
    const rest = source.slice(at + 1, at + 11);
    const [code] = /^(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-3][0-7]{2})/.exec(rest) ?? [];
    const plain = escapes[rest.charAt(0)];
    if (plain !== undefined) text += plain;
    else if (code === undefined) fail(at, `\\${rest.charAt(0)} is no escape; a backslash is \\\\`);
    else {
      const point = /^[xuU]/.test(code) ? Number.parseInt(code.slice(1), 16) : Number.parseInt(code, 8);
      if (point > 0x10_ff_ff || (point >= 0xd8_00 && point <= 0xdf_ff)) fail(at, `\\${code} is no character`);
      text += String.fromCodePoint(point);
    }
    at += 1 + (plain === undefined ? (code?.length ?? 0) : 1);
  }
  return { text, length: at + 1 - start };
}
