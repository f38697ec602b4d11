import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { PipelineError, type Position } from './pipeline-error.ts';

/** What a pipeline file may be made of; a larger one is refused before it can cost anything. */
export const limits = { bytes: 256 * 1024, depth: 32, aliases: 50, nodes: 20_000 } as const;

/** Scalars are kept as the text that stands in the file: `1.10` and `on` stay what the author wrote. */
export type YamlValue = string | YamlValue[] | { [key: string]: YamlValue };
export type Path = readonly PropertyKey[];

export interface PipelineDocument {
  file: string;
  value: YamlValue;
  /** Where a value stands, or the nearest value around it. */
  positionOf(path: Path): Position;
  /** Where the key of an entry stands. */
  positionOfKey(path: Path): Position;
  /** Whether a scalar stands there without quotes, so that YAML may take it for a number or a truth. */
  isPlain(path: Path): boolean;
}

/** Names that would reach into JavaScript's own objects. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Reads YAML 1.2 with anchors, aliases and merge keys (`<<`).
 *
 * @throws PipelineError, and nothing else, whatever the text is.
 */
export function parseYaml(text: string, file: string): PipelineDocument {
  const lines = new LineCounter();
  const fail = (offset: number, problem: string, hint?: string): never => {
    throw new PipelineError(file, toPosition(lines, offset), problem, hint);
  };
  if (text.length > limits.bytes || Buffer.byteLength(text) > limits.bytes)
    fail(0, `the file is larger than ${limits.bytes / 1024} KiB`);
  const tooDeep = `nested deeper than ${limits.depth} levels`;

  const document = parseDocument(text, {
    lineCounter: lines,
    schema: 'failsafe',
    resolveKnownTags: false,
    prettyErrors: false,
    // The library compares each key with each other one: 10 s for a hostile file. `toObject` has a Set.
    uniqueKeys: false,
    stringKeys: false,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem?.code === 'RESOURCE_EXHAUSTION') fail(problem.pos[0], tooDeep);
  if (problem !== undefined) fail(problem.pos[0], `not valid YAML: ${toLine(problem.message)}`);
  if (document.contents === null) fail(0, 'the file is empty', 'it needs `steps`');

  const places = new Map<string, number>();
  const plain = new Map<string, boolean>();
  let nodes = 0;
  let aliases = 0;

  const toValue = (node: Node | null, path: Path, around: number): YamlValue => {
    const at = node?.range?.[0] ?? around;
    nodes += 1;
    if (nodes > limits.nodes) fail(at, `more than ${limits.nodes} values`);
    if (path.length > limits.depth) fail(at, tooDeep);
    let value: YamlValue = '';
    if (isAlias(node)) {
      aliases += 1;
      if (aliases > limits.aliases) fail(at, `more than ${limits.aliases} aliases`);
      const target = node.resolve(document as Document);
      if (target === undefined) fail(at, `the alias *${node.source} has no anchor before it`);
      // A circle of aliases ends here too: each turn counts as an alias.
      value = toValue(target ?? null, path, at);
    } else if (isMap(node)) value = toObject(node, path, at);
    else if (isSeq(node)) value = toList(node, path, at);
    else if (isScalar(node)) value = toText(node);
    places.set(toKey(path), at);
    if (!isAlias(node)) plain.set(toKey(path), !isScalar(node) || node.type === 'PLAIN');
    return value;
  };

  const toList = (list: YAMLSeq, path: Path, at: number): YamlValue[] =>
    toItems(list, at).map((item, i) => toValue(item, [...path, i], at));

  /** The items of a list, and of the lists that `- <<: *list` puts between them. */
  const toItems = (list: YAMLSeq, around: number): (Node | null)[] =>
    list.items.flatMap((given) => {
      const item = given as Node | null;
      const [pair, ...others] = isMap(item) ? item.items : [];
      if (pair === undefined || others.length > 0 || !isMerge(pair)) return [item];
      const merged = isSeq(pair.value) ? pair.value.items : [pair.value];
      const lists = merged.map((one) => (isAlias(one) ? one.resolve(document as Document) : one));
      if (lists.length === 0 || !lists.every(isSeq)) return [item];
      aliases += merged.filter(isAlias).length;
      if (aliases > limits.aliases) fail(item?.range?.[0] ?? around, `more than ${limits.aliases} aliases`);
      return lists.flatMap((one) => toItems(one, around));
    });

  const toObject = (map: YAMLMap, path: Path, around: number): { [key: string]: YamlValue } => {
    const own = new Set<string>();
    const object: { [key: string]: YamlValue } = Object.create(null);
    for (const pair of map.items.filter(isMerge)) mergeInto(object, pair.value as Node | null, path, around);
    for (const { key, value } of map.items.filter((pair) => !isMerge(pair))) {
      const at = (key as Node | null)?.range?.[0] ?? around;
      if (!isScalar(key)) fail(at, 'a key has to be plain text');
      const name = toText(key as { value: unknown });
      if (forbidden.has(name)) fail(at, `the key ${JSON.stringify(name)} is not allowed`);
      if (own.has(name)) fail(at, `the key ${JSON.stringify(name)} stands here twice`);
      own.add(name);
      places.set(toKey([...path, name], true), at);
      object[name] = toValue(value as Node | null, [...path, name], at);
    }
    return object;
  };

  /** Own keys win over merged ones, and of several merged maps the first. */
  const mergeInto = (
    object: { [key: string]: YamlValue },
    node: Node | null,
    path: Path,
    around: number,
  ): void => {
    const at = node?.range?.[0] ?? around;
    const merged = toValue(node, path, at);
    for (const one of (Array.isArray(merged) ? merged : [merged]).toReversed()) {
      if (typeof one === 'string' || Array.isArray(one)) fail(at, '`<<` merges a map, or a list of maps');
      Object.assign(object, one);
    }
  };

  const value = toValue(document.contents, [], 0);
  const find = (path: Path, key: boolean): Position => {
    for (let length = path.length; length >= 0; length -= 1) {
      const part = path.slice(0, length);
      const offset =
        places.get(toKey(part, key && length === path.length)) ??
        (length === path.length ? undefined : places.get(toKey(part)));
      if (offset !== undefined) return toPosition(lines, offset);
    }
    return { line: 1, column: 1 };
  };
  return {
    file,
    value,
    positionOf: (path) => find(path, false),
    positionOfKey: (path) => find(path, true),
    isPlain: (path) => plain.get(toKey(path)) ?? true,
  };
}

const isMerge = (pair: Pair): boolean => isScalar(pair.key) && pair.key.value === '<<';

/** A plain `~` or `null` is nothing, not these letters. */
function toText(node: { value: unknown; type?: string }): string {
  const text = String(node.value ?? '');
  return node.type === 'PLAIN' && /^(?:~|null|Null|NULL)$/.test(text) ? '' : text;
}

const toKey = (path: Path, key = false): string => JSON.stringify([key, ...path.map(String)]);
const toLine = (message: string): string => message.replaceAll(/\s+/g, ' ').trim();

function toPosition(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
