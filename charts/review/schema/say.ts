import type { Schema } from './schema.ts';

// Schemas, values and places, as a finding says them.

const typeNames: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'keys and values',
  array: 'a list',
};

export function nameOfType(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return 'a whole number or text';
  return typeNames[schema.type ?? ''] ?? 'a value';
}

/** A condition in few words. */
export function say(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((one) => show(one)).join(' or ');
  if (schema.pattern !== undefined) return `text like ${schema.pattern}`;
  if (schema.required !== undefined) return schema.required.join(' and ');
  if (schema.$ref !== undefined) return `a ${schema.$ref.split('.').at(-1)}`;
  return nameOfType(schema);
}

export function sayAll(schemas: readonly Schema[]): string {
  return [...new Set(schemas.map(say))].join(', or ');
}

export function list(words: readonly string[]): string {
  const sorted = words.toSorted();
  return sorted.length <= 12
    ? sorted.join(', ')
    : `${sorted.slice(0, 12).join(', ')} and ${sorted.length - 12} more`;
}

/** A place in a value: `spec.ports[0]`, `metadata.labels["a/b"]`. */
export function join(at: string, name: string): string {
  if (!/^[A-Za-z_$][A-Za-z0-9_$-]*$/.test(name)) return `${at}[${JSON.stringify(name)}]`;
  return at === '' ? name : `${at}.${name}`;
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
