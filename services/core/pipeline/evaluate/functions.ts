import { EvaluateError } from './error.ts';
import {
  compare,
  isEqual,
  toInt,
  toList,
  toMap,
  toNumber,
  toText,
  toTypeName,
  toWhole,
  toWords,
  type Value,
} from './value.ts';

export type Type = 'bool' | 'string' | 'int' | 'float' | 'number' | 'array' | 'map' | 'nil' | 'unknown';

/** What is given to a function: asks a predicate for an item, and counts what is made. */
export interface Call {
  args: readonly Value[];
  /** The predicate, where the call has one. */
  ask?: ((item: Value, index: number, total?: Value) => Value) | undefined;
  /** Counts characters and items that are made. */
  spend(count: number): void;
}

export interface Builtin {
  /** How many arguments it takes. */
  arity: readonly [number, number];
  /** What each has to be; the last is of all further ones. */
  takes: readonly Type[];
  gives: Type;
  /** What its predicate gives, where it has one. */
  asks?: Type;
  run(call: Call): Value;
}

const nothing: Value = null;
const arg = (call: Call, i: number): Value => call.args[i] ?? nothing;
const textOf = (call: Call, i: number): string => toWords(arg(call, i));
const listOf = (call: Call, i = 0): Value[] => toList(arg(call, i));
const isTrue = (call: Call, item: Value, i: number): boolean => call.ask?.(item, i) === true;
const whole = (value: number): bigint => BigInt(value);

function made(call: Call, value: Value[] | string): Value {
  call.spend(value.length);
  return value;
}

/** Of texts to a text. */
const ofText = (
  run: (text: string, call: Call) => Value,
  more: readonly Type[] = [],
  arity = more.length,
): Builtin => ({
  arity: [1 + arity, 1 + more.length],
  takes: ['string', ...more],
  gives: 'string',
  run: (call) => run(textOf(call, 0), call),
});

const ofNumber = (run: (value: number) => number): Builtin => ({
  arity: [1, 1],
  takes: ['number'],
  gives: 'float',
  run: (call) => run(Number(toNumber(arg(call, 0)))),
});

/** Asks its predicate for each item of a list. */
const ofItems = (
  gives: Type,
  asks: Type,
  run: (call: Call, items: Value[]) => Value,
  arity: readonly [number, number] = [2, 2],
): Builtin => ({
  arity,
  takes: ['array', 'unknown', 'unknown'],
  gives,
  asks,
  run: (call) => run(call, listOf(call)),
});

function trim(text: string, characters: ReadonlySet<string>): string {
  const all = [...text];
  const from = all.findIndex((one) => !characters.has(one));
  const to = all.findLastIndex((one) => !characters.has(one));
  return from < 0 ? '' : all.slice(from, to + 1).join('');
}

/** As Go's `strings.SplitN`: at most `count` parts, none for 0, all for less. */
function split(text: string, by: string, count: number, keep: string): string[] {
  if (count === 0) return [];
  const parts = by === '' ? [...text] : text.split(by);
  if (count < 0 || parts.length <= count)
    return parts.map((part, i) => part + (i < parts.length - 1 ? keep : ''));
  const first = parts.slice(0, count - 1).map((part) => part + keep);
  return [...first, parts.slice(count - 1).join(by)];
}

function replace(text: string, from: string, to: string, count: number): string {
  const parts = from === '' ? ['', ...[...text], ''] : text.split(from);
  const times = count < 0 ? parts.length - 1 : Math.min(count, parts.length - 1);
  const [first = '', ...rest] = parts;
  return rest.reduce((done, part, i) => done + (i < times ? to : from) + part, first);
}

/** The place of a match in bytes, as in Go. */
const toPlace = (text: string, index: number): bigint =>
  index < 0 ? -1n : whole(Buffer.byteLength(text.slice(0, index)));

function extreme(call: Call, sign: number): Value {
  const all = call.args.flatMap((one) => (Array.isArray(one) ? one : [one]));
  const [first, ...rest] = all.map(toNumber);
  if (first === undefined) throw new EvaluateError('there is no number to compare');
  return rest.reduce((best, one) => (compare(one, best) * sign > 0 ? one : best), first);
}

function sum(values: readonly Value[]): Value {
  const numbers = values.map(toNumber);
  return numbers.every((one) => typeof one === 'bigint')
    ? toInt(numbers.reduce((total: bigint, one) => total + one, 0n))
    : numbers.reduce((total: number, one) => total + Number(one), 0);
}

function median(values: readonly Value[]): number {
  const sorted = values.map((one) => Number(toNumber(one))).sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

function sort(values: readonly Value[], by: (value: Value) => Value, order: Value): Value[] {
  if (order !== 'asc' && order !== 'desc') throw new EvaluateError('a list is sorted "asc" or "desc"');
  const sign = order === 'asc' ? 1 : -1;
  return values
    .map((value) => ({ value, key: by(value) }))
    .sort((left, right) => sign * compare(left.key, right.key))
    .map(({ value }) => value);
}

function toGroups(call: Call, items: Value[]): Value {
  const groups = new Map<Value, Value>();
  for (const [i, item] of items.entries()) {
    const key = call.ask?.(item, i) ?? null;
    const group = groups.get(key);
    groups.set(key, [...(Array.isArray(group) ? group : []), item]);
    call.spend(Array.isArray(group) ? group.length : 1);
  }
  return groups;
}

function reduce(call: Call, items: Value[]): Value {
  const isGiven = call.args.length > 1;
  if (items.length === 0 && !isGiven) throw new EvaluateError('an empty list has nothing to reduce');
  let total = isGiven ? arg(call, 1) : (items[0] ?? null);
  for (const [i, item] of items.entries()) if (isGiven || i > 0) total = call.ask?.(item, i, total) ?? null;
  return total;
}

function toWholeNumber(value: Value): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return toInt(BigInt(Math.trunc(value)));
  if (typeof value === 'string' && /^[+-]?\d{1,19}$/.test(value))
    return toInt(BigInt(value.replace(/^\+/, '')));
  throw new EvaluateError(`${JSON.stringify(toText(value))} is no whole number`);
}

function toFloat(value: Value): number {
  const number =
    typeof value === 'string' && value.trim() !== value ? Number.NaN : Number(value === '' ? 'x' : value);
  if (
    (typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number') &&
    Number.isFinite(number)
  )
    return number;
  throw new EvaluateError(`${JSON.stringify(toText(value))} is no number`);
}

function fromJson(text: string): Value {
  try {
    return toValue(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) throw new EvaluateError('fromJSON was given something else than JSON');
    throw error;
  }
}

function toValue(json: unknown): Value {
  if (Array.isArray(json)) return json.map(toValue);
  if (typeof json === 'object' && json !== null)
    return new Map(Object.entries(json).map(([key, value]) => [key, toValue(value)]));
  return json as null | boolean | string | number;
}

function flatten(values: readonly Value[], depth = 0): Value[] {
  if (depth > 32) throw new EvaluateError('a list is nested deeper than 32 levels');
  return values.flatMap((value) => (Array.isArray(value) ? flatten(value, depth + 1) : [value]));
}

function get(from: Value, key: Value): Value {
  if (from instanceof Map) return from.get(key) ?? null;
  if (!Array.isArray(from) || typeof key !== 'bigint') return null;
  return from.at(Number(key)) ?? null;
}

const pairs = (call: Call): [Value, Value][] =>
  listOf(call).map((pair) => {
    const [key = null, value = null] = toList(pair);
    return [key, value];
  });

/** The functions of expr-lang that are about truths, texts, numbers, lists and maps. */
export const functions: Readonly<Record<string, Builtin>> = {
  len: {
    arity: [1, 1],
    takes: ['unknown'],
    gives: 'int',
    run: (call) => {
      const given = arg(call, 0);
      if (typeof given === 'string') return whole([...given].length);
      if (Array.isArray(given)) return whole(given.length);
      return whole(toMap(given).size);
    },
  },
  type: { arity: [1, 1], takes: ['unknown'], gives: 'string', run: (call) => toTypeName(arg(call, 0)) },
  int: { arity: [1, 1], takes: ['unknown'], gives: 'int', run: (call) => toWholeNumber(arg(call, 0)) },
  float: { arity: [1, 1], takes: ['unknown'], gives: 'float', run: (call) => toFloat(arg(call, 0)) },
  string: {
    arity: [1, 1],
    takes: ['unknown'],
    gives: 'string',
    run: (call) => made(call, toText(arg(call, 0))),
  },
  fromJSON: { ...ofText((text) => fromJson(text)), gives: 'unknown' },

  upper: ofText((text) => text.toUpperCase()),
  lower: ofText((text) => text.toLowerCase()),
  trim: ofText(
    (text, call) => (call.args.length > 1 ? trim(text, new Set(textOf(call, 1))) : text.trim()),
    ['string'],
    0,
  ),
  trimPrefix: ofText(
    (text, call) => {
      const prefix = call.args.length > 1 ? textOf(call, 1) : ' ';
      return text.startsWith(prefix) ? text.slice(prefix.length) : text;
    },
    ['string'],
    0,
  ),
  trimSuffix: ofText(
    (text, call) => {
      const suffix = call.args.length > 1 ? textOf(call, 1) : ' ';
      return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
    },
    ['string'],
    0,
  ),
  split: {
    ...ofText(
      (text, call) =>
        made(call, split(text, textOf(call, 1), call.args.length > 2 ? toWhole(arg(call, 2)) : -1, '')),
      ['string', 'int'],
      1,
    ),
    gives: 'array',
  },
  splitAfter: {
    ...ofText(
      (text, call) => {
        const by = textOf(call, 1);
        return made(call, split(text, by, call.args.length > 2 ? toWhole(arg(call, 2)) : -1, by));
      },
      ['string', 'int'],
      1,
    ),
    gives: 'array',
  },
  replace: ofText(
    (text, call) => {
      const [from, to] = [textOf(call, 1), textOf(call, 2)];
      call.spend(text.length * (1 + to.length));
      return replace(text, from, to, call.args.length > 3 ? toWhole(arg(call, 3)) : -1);
    },
    ['string', 'string', 'int'],
    2,
  ),
  repeat: ofText(
    (text, call) => {
      const times = toWhole(arg(call, 1));
      if (times < 0) throw new EvaluateError(`a text cannot be repeated ${times} times`);
      call.spend(text.length * times);
      return text.repeat(times);
    },
    ['int'],
  ),
  join: {
    arity: [1, 2],
    takes: ['array', 'string'],
    gives: 'string',
    run: (call) =>
      made(
        call,
        listOf(call)
          .map(toWords)
          .join(call.args.length > 1 ? textOf(call, 1) : ''),
      ),
  },
  indexOf: {
    ...ofText((text, call) => toPlace(text, text.indexOf(textOf(call, 1))), ['string']),
    gives: 'int',
  },
  lastIndexOf: {
    ...ofText((text, call) => toPlace(text, text.lastIndexOf(textOf(call, 1))), ['string']),
    gives: 'int',
  },
  hasPrefix: { ...ofText((text, call) => text.startsWith(textOf(call, 1)), ['string']), gives: 'bool' },
  hasSuffix: { ...ofText((text, call) => text.endsWith(textOf(call, 1)), ['string']), gives: 'bool' },

  max: { arity: [1, 100], takes: ['unknown'], gives: 'unknown', run: (call) => extreme(call, 1) },
  min: { arity: [1, 100], takes: ['unknown'], gives: 'unknown', run: (call) => extreme(call, -1) },
  abs: {
    arity: [1, 1],
    takes: ['number'],
    gives: 'number',
    run: (call) => {
      const given = toNumber(arg(call, 0));
      return typeof given === 'bigint' ? toInt(given < 0n ? -given : given) : Math.abs(given);
    },
  },
  ceil: ofNumber(Math.ceil),
  floor: ofNumber(Math.floor),
  round: ofNumber((value) => Math.sign(value) * Math.round(Math.abs(value))),
  mean: {
    arity: [1, 1],
    takes: ['array'],
    gives: 'float',
    run: (call) => Number(sum(listOf(call))) / Math.max(1, listOf(call).length),
  },
  median: { arity: [1, 1], takes: ['array'], gives: 'float', run: (call) => median(listOf(call)) },

  all: ofItems('bool', 'bool', (call, items) => items.every((item, i) => isTrue(call, item, i))),
  any: ofItems('bool', 'bool', (call, items) => items.some((item, i) => isTrue(call, item, i))),
  none: ofItems('bool', 'bool', (call, items) => !items.some((item, i) => isTrue(call, item, i))),
  one: ofItems(
    'bool',
    'bool',
    (call, items) => items.filter((item, i) => isTrue(call, item, i)).length === 1,
  ),
  filter: ofItems('array', 'bool', (call, items) =>
    made(
      call,
      items.filter((item, i) => isTrue(call, item, i)),
    ),
  ),
  map: ofItems('array', 'unknown', (call, items) =>
    made(
      call,
      items.map((item, i) => call.ask?.(item, i) ?? null),
    ),
  ),
  find: ofItems('unknown', 'bool', (call, items) => items.find((item, i) => isTrue(call, item, i)) ?? null),
  findLast: ofItems(
    'unknown',
    'bool',
    (call, items) => items.findLast((item, i) => isTrue(call, item, i)) ?? null,
  ),
  findIndex: ofItems('int', 'bool', (call, items) =>
    toFound(items.findIndex((item, i) => isTrue(call, item, i))),
  ),
  findLastIndex: ofItems('int', 'bool', (call, items) =>
    toFound(items.findLastIndex((item, i) => isTrue(call, item, i))),
  ),
  count: ofItems(
    'int',
    'bool',
    (call, items) =>
      whole(
        items.filter((item, i) => (call.ask === undefined ? item === true : isTrue(call, item, i))).length,
      ),
    [1, 2],
  ),
  sum: ofItems(
    'number',
    'number',
    (call, items) =>
      sum(call.ask === undefined ? items : items.map((item, i) => call.ask?.(item, i) ?? null)),
    [1, 2],
  ),
  groupBy: ofItems('map', 'unknown', toGroups),
  sortBy: ofItems(
    'array',
    'unknown',
    (call, items) =>
      made(
        call,
        sort(items, (item) => call.ask?.(item, 0) ?? null, call.args.length > 1 ? arg(call, 1) : 'asc'),
      ),
    [2, 3],
  ),
  reduce: ofItems('unknown', 'unknown', reduce, [2, 3]),

  concat: {
    arity: [1, 100],
    takes: ['array'],
    gives: 'array',
    run: (call) => made(call, call.args.flatMap(toList)),
  },
  flatten: {
    arity: [1, 1],
    takes: ['array'],
    gives: 'array',
    run: (call) => made(call, flatten(listOf(call))),
  },
  uniq: {
    arity: [1, 1],
    takes: ['array'],
    gives: 'array',
    run: (call) => {
      const items = listOf(call);
      call.spend(items.length * items.length);
      return items.filter((item, i) => items.findIndex((other) => isEqual(other, item)) === i);
    },
  },
  first: { arity: [1, 1], takes: ['array'], gives: 'unknown', run: (call) => listOf(call)[0] ?? null },
  last: { arity: [1, 1], takes: ['array'], gives: 'unknown', run: (call) => listOf(call).at(-1) ?? null },
  take: {
    arity: [2, 2],
    takes: ['array', 'int'],
    gives: 'array',
    run: (call) => made(call, listOf(call).slice(0, Math.max(0, toWhole(arg(call, 1))))),
  },
  reverse: {
    arity: [1, 1],
    takes: ['array'],
    gives: 'array',
    run: (call) => made(call, listOf(call).toReversed()),
  },
  sort: {
    arity: [1, 2],
    takes: ['array', 'string'],
    gives: 'array',
    run: (call) =>
      made(
        call,
        sort(listOf(call), (item) => item, call.args.length > 1 ? arg(call, 1) : 'asc'),
      ),
  },
  keys: { arity: [1, 1], takes: ['map'], gives: 'array', run: (call) => [...toMap(arg(call, 0)).keys()] },
  values: { arity: [1, 1], takes: ['map'], gives: 'array', run: (call) => [...toMap(arg(call, 0)).values()] },
  toPairs: { arity: [1, 1], takes: ['map'], gives: 'array', run: (call) => [...toMap(arg(call, 0))] },
  fromPairs: { arity: [1, 1], takes: ['array'], gives: 'map', run: (call) => new Map(pairs(call)) },
  get: {
    arity: [2, 2],
    takes: ['unknown', 'unknown'],
    gives: 'unknown',
    run: (call) => get(arg(call, 0), arg(call, 1)),
  },
};

/** In the original the place of nothing is nil, which no number can be compared with. */
function toFound(index: number): bigint {
  if (index < 0) throw new EvaluateError('no item is as the predicate asks');
  return whole(index);
}

/** Functions of the original that are not about these: dates, bytes and bits. */
export const others: ReadonlySet<string> = new Set([
  'now',
  'date',
  'duration',
  'timezone',
  'toJSON',
  'toBase64',
  'fromBase64',
  'bitand',
  'bitor',
  'bitxor',
  'bitnand',
  'bitnot',
  'bitshl',
  'bitshr',
  'bitushr',
]);
