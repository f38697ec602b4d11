import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { type Digests, parseDigests } from './digests.ts';
import { inherit } from './inherit.ts';
import { nearest } from './nearest.ts';
import { type Platform, platformSchema } from './platform.ts';

const maxBytes = 256 * 1024;
const maxDepth = 32;
/** To be told at a time: each is looked for in the file. */
const mostProblems = 50;

/** The platform file is not right. Each line of the message says `<file>:<line>:<column>`, what stands there and what should. */
export class PlatformError extends Error {
  override name = 'PlatformError';
}

/**
 * And the pins.json beside it, where there is one.
 *
 * @throws PlatformError where a file cannot be read or is not right.
 */
export function readPlatform(file: string): Platform {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new PlatformError(`${file}: cannot be read; expected the platform file here`, { cause });
  }
  const digests = readDigests(join(dirname(file), 'pins.json'));
  return { ...parsePlatform(text, file), ...(digests === undefined ? {} : { digests }) };
}

function readDigests(file: string): Digests | undefined {
  if (!existsSync(file)) return undefined;
  const digests = parseDigests(readFileSync(file, 'utf8'));
  if (digests === undefined)
    throw new PlatformError(`${file}: is not what bellows pins writes; remove it, and run that again`);
  return digests;
}

/**
 * @param text YAML 1.2, one document of at most 256 KiB.
 * @param file how errors call it.
 * @throws PlatformError naming every wrong place.
 */
export function parsePlatform(text: string, file: string): Platform {
  const lines = new LineCounter();
  const fail = (problems: Problem[]): never => {
    const inOrder = problems.toSorted((a, b) => a.offset - b.offset);
    const at = inOrder.slice(0, mostProblems).map(({ offset, message }) => {
      const { line, col } = lines.linePos(offset);
      return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}`;
    });
    throw new PlatformError([...new Set(at)].join('\n'));
  };

  if (Buffer.byteLength(text) > maxBytes) fail([{ offset: 0, message: 'larger than 256 KiB' }]);
  if (nesting(text) > maxDepth) fail([{ offset: 0, message: `nested deeper than ${maxDepth}` }]);
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const [document] = documents;
  if (document === undefined || !('contents' in document) || document.contents === null) {
    return fail([{ offset: 0, message: 'the file is empty; expected "clusters:"' }]);
  }
  const [second] = documents.slice(1);
  if (second !== undefined) {
    fail([{ offset: second.range[0], message: 'a second document begins here; expected one' }]);
  }
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) fail(syntax.map(({ pos, message }) => ({ offset: pos[0], message })));
  const forbidden = forbiddenNodes(document);
  if (forbidden.length > 0) fail(forbidden);

  const { value, problems } = inherit(document.toJS());
  if (problems.length > 0)
    fail(problems.map(({ path, message }) => ({ offset: offsetAt(document, path, 'value'), message })));
  const parsed = platformSchema.safeParse(value);
  return parsed.success
    ? parsed.data
    : fail(parsed.error.issues.slice(0, mostProblems).flatMap((issue) => explain(document, issue)));
}

interface Problem {
  /** In characters, from the start of the file. */
  offset: number;
  message: string;
}

/** How deep the text can nest at most: indentation and brackets, counted before anything recursive reads it. */
function nesting(text: string): number {
  let brackets = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === '[' || character === '{') brackets += 1;
    else if (character === ']' || character === '}') brackets -= 1;
    deepest = Math.max(deepest, brackets);
  }
  const indents = text
    .split('\n')
    .map((line) => (/^\s*#/.test(line) ? 0 : (line.match(/^[\s?-]*/)?.[0].length ?? 0)));
  return Math.max(deepest, ...indents.map((indent) => Math.ceil(indent / 2)));
}

/** Keys that JavaScript understands otherwise, and aliases: a place that errors name should be where it is written. */
function forbiddenNodes(document: Document.Parsed): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Alias: (_, alias) => {
      problems.push({
        offset: offsetOf(alias),
        message: `*${alias.source}: aliases are not known here; repeat it`,
      });
    },
    Pair: (_, { key }) => {
      if (
        isScalar(key) &&
        typeof key.value === 'string' &&
        !/^(?:__proto__|constructor|prototype)$/.test(key.value)
      )
        return;
      const shown = isScalar(key) ? show(key.value) : 'this key';
      problems.push({
        offset: isNode(key) ? offsetOf(key) : 0,
        message: `${shown} cannot be a key; expected a name`,
      });
    },
  });
  return problems;
}

type Issue = z.core.$ZodIssue;

function explain(document: Document.Parsed, issue: Issue): Problem[] {
  const where = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(issue.path);
    return issue.keys.slice(0, mostProblems).map((key) => {
      const near = nearest(key, known);
      const hint = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
      return {
        offset: offsetAt(document, [...issue.path, key], 'key'),
        message: `unknown key "${key}"${where === '' ? '' : ` in ${where}`}; ${hint}`,
      };
    });
  }
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => inner.message).join('; ');
    return [
      {
        offset: offsetAt(document, issue.path, 'key'),
        message: `${show(issue.path.at(-1))} is not a name; ${message}`,
      },
    ];
  }
  const value = valueAt(document, issue.path);
  const expected = expectation(issue);
  if (value === undefined) {
    return [
      {
        offset: offsetAt(document, issue.path.slice(0, -1), 'key'),
        message: `${where} is missing; ${expected}`,
      },
    ];
  }
  const subject = where === '' ? `the file is ${show(value)}` : `${where} is ${show(value)}`;
  return [{ offset: offsetAt(document, issue.path, 'value'), message: `${subject}; ${expected}` }];
}

/** The right form, in words. */
function expectation(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `expected ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `expected ${issue.values.map((value) => show(value)).join(' or ')}`;
    case 'too_small':
      return `expected at least ${issue.minimum}${units[issue.origin] ?? ''}`;
    case 'too_big':
      return `expected at most ${issue.maximum}${units[issue.origin] ?? ''}`;
    default:
      return issue.message;
  }
}

const typeNames: Record<string, string> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  record: 'keys and values',
  object: 'keys and values',
  array: 'a list',
};

const units: Record<string, string> = { string: ' characters', array: ' entries' };

/** The keys that the schema knows at a path. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: { def: { type: string } } = platformSchema;
  for (const step of [...path, undefined]) {
    while ('innerType' in schema.def) schema = schema.def.innerType as typeof schema;
    if (step === undefined) break;
    if ('shape' in schema.def)
      schema = (schema.def.shape as Record<PropertyKey, typeof schema>)[step] ?? schema;
    else if ('valueType' in schema.def) schema = schema.def.valueType as typeof schema;
  }
  return 'shape' in schema.def ? Object.keys(schema.def.shape as object) : [];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(document: Document.Parsed, path: readonly PropertyKey[]): unknown {
  const node = document.getIn(path, true);
  return isNode(node) ? node.toJS(document) : undefined;
}

/** Where the last step of a path stands: its key, or its value; of what is missing, the nearest that is there. */
function offsetAt(document: Document.Parsed, path: readonly PropertyKey[], which: 'key' | 'value'): number {
  for (let length = path.length; length > 0; length--) {
    const parent = document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const step = path[length - 1];
      const pair = parent.items.find(({ key }: Pair) => isScalar(key) && key.value === step);
      if (pair !== undefined) {
        const node = which === 'value' && isNode(pair.value) ? pair.value : pair.key;
        return isNode(node) ? offsetOf(node) : 0;
      }
    } else if (!isAlias(parent)) {
      const node = document.getIn(path.slice(0, length), true);
      if (isNode(node)) return offsetOf(node);
    }
  }
  return 0;
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}
