import { EvaluateError } from './error.ts';

/** Whole numbers are of 64 bits, as in the original; others are floats. */
export type Value = null | boolean | string | bigint | number | Value[] | Map<Value, Value>;

export const toInt = (value: bigint): bigint => BigInt.asIntN(64, value);

export function toTypeName(value: Value): string {
  if (value === null) return 'nil';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? 'array' : 'map';
}

const isNumber = (value: Value): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number';

export function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left === right;
  if (isNumber(left) && isNumber(right)) return Number(left) === Number(right);
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((one, i) => isEqual(one, right[i] ?? null));
  if (left instanceof Map && right instanceof Map)
    return (
      left.size === right.size &&
      [...left].every(([key, one]) => right.has(key) && isEqual(one, right.get(key) ?? null))
    );
  return left === right;
}

/** Below 0, 0, above 0: numbers by size, texts by their bytes. */
export function compare(left: Value, right: Value): number {
  if (typeof left === 'string' && typeof right === 'string')
    return Buffer.compare(Buffer.from(left), Buffer.from(right));
  if (isNumber(left) && isNumber(right)) return left < right ? -1 : left > right ? 1 : 0;
  throw new EvaluateError(`${toTypeName(left)} and ${toTypeName(right)} have no order`);
}

/** As Go prints it. */
export function toText(value: Value): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(toText).join(' ')}]`;
  if (!(value instanceof Map)) return String(value);
  const entries = [...value].map(([key, one]) => `${toText(key)}:${toText(one)}`).sort();
  return `map[${entries.join(' ')}]`;
}

export function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new EvaluateError(`expected true or false, not ${toTypeName(value)}`);
}

export function toWords(value: Value): string {
  if (typeof value === 'string') return value;
  throw new EvaluateError(`expected text, not ${toTypeName(value)}`);
}

export function toList(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  throw new EvaluateError(`expected a list, not ${toTypeName(value)}`);
}

export function toMap(value: Value): Map<Value, Value> {
  if (value instanceof Map) return value;
  throw new EvaluateError(`expected a map, not ${toTypeName(value)}`);
}

export function toNumber(value: Value): bigint | number {
  if (isNumber(value)) return value;
  throw new EvaluateError(`expected a number, not ${toTypeName(value)}`);
}

export function toWhole(value: Value): number {
  if (typeof value === 'bigint') return Number(value);
  throw new EvaluateError(`expected a whole number, not ${toTypeName(value)}`);
}
