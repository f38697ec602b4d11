import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { readKinds } from '../../../../charts/review/schema/kinds.ts';
import { isQuantity } from '../../../../charts/review/schema/quantity.ts';
import type { Schema } from '../../../../charts/review/schema/schema.ts';
import { validate } from '../../../../charts/review/schema/validate.ts';
import { root } from '../../committed.ts';
import { applyChange, changes } from '../change.ts';
import { type Json, platformWith } from '../world.ts';

const kinds = readKinds();
const problems = (schema: Schema, value: unknown, structural = true) =>
  validate(schema, value, {}, structural).problems.map(
    ({ at, message, mend }) => `${at} ${message}; ${mend}`,
  );

const text: Schema = { type: 'string' };

test.each<[string, Schema, unknown, string[]]>([
  ['a value of another type', { type: 'boolean' }, 'yes', [' is "yes"; expected true or false']],
  ['no value', text, null, [' is null; expected a value; leave out what has none']],
  ['no value where that is allowed', { ...text, nullable: true }, null, []],
  ['a number that is whole', { type: 'integer' }, 1.5, [' is 1.5; expected a whole number']],
  [
    'a number of 32 bits',
    { type: 'integer', format: 'int32' },
    2 ** 31,
    [' is 2147483648; expected a number of 32 bits'],
  ],
  ['a number below the least', { type: 'number', minimum: 1 }, 0, [' is 0; expected at least 1']],
  [
    'a number at an excluded bound',
    { type: 'number', maximum: 1, exclusiveMaximum: true },
    1,
    [' is 1; expected at most 1'],
  ],
  [
    'a number that is no multiple',
    { type: 'integer', multipleOf: 5 },
    7,
    [' is 7; expected a multiple of 5'],
  ],
  [
    'a number or text',
    { 'x-kubernetes-int-or-string': true },
    true,
    [' is true; expected a whole number or text'],
  ],
  [
    'a number too large for either',
    { 'x-kubernetes-int-or-string': true },
    2 ** 40,
    [' is 1099511627776; expected a whole number or text'],
  ],
  ['text that is too short', { ...text, minLength: 2 }, 'a', [' is "a"; expected at least 2 characters']],
  ['text that is too long', { ...text, maxLength: 2 }, 'abc', [' has 3 characters; expected at most 2']],
  ['text that does not match', { ...text, pattern: '^a+$' }, 'b', [' is "b"; expected text like ^a+$']],
  ['a pattern that only Go can read', { ...text, pattern: '^(?i)(abort|warn)?$' }, 'b', []],
  [
    'a time that is none',
    { ...text, format: 'date-time' },
    'soon',
    [' is "soon"; expected a time such as "2026-01-31T12:00:00Z"'],
  ],
  [
    'bytes that are not base64',
    { ...text, format: 'byte' },
    '%',
    [' is not base64; expected the bytes in base64'],
  ],
  ['too few entries', { type: 'array', minItems: 1 }, [], [' has 0 entries; expected at least 1']],
  ['too many entries', { type: 'array', maxItems: 1 }, [1, 2], [' has 2 entries; expected at most 1']],
  ['an entry that is wrong', { type: 'array', items: text }, ['a', 1], ['[1] is 1; expected text']],
  [
    'an entry of a set that is there twice',
    { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    ['a', 'a'],
    ['[1] is the second with "a"; expected each once'],
  ],
  [
    'too few keys',
    { type: 'object', minProperties: 1, additionalProperties: text },
    {},
    [' has 0 entries; expected at least 1'],
  ],
  [
    'too many keys',
    { type: 'object', maxProperties: 1, additionalProperties: text },
    { a: '1', b: '2' },
    [' has 2 entries; expected at most 1'],
  ],
  [
    'a key that is missing',
    { type: 'object', required: ['a'], properties: { a: { enum: ['x', 'y'] } } },
    {},
    ['a is missing; expected "x" or "y"'],
  ],
  [
    'a key that has a default',
    { type: 'object', required: ['a'], properties: { a: { ...text, default: 'x' } } },
    {},
    [],
  ],
  [
    'a key that is not known',
    { type: 'object', properties: { name: text } },
    { nmae: 'x' },
    ['nmae is no field; did you mean "name"?'],
  ],
  [
    'a key like no other',
    { type: 'object', properties: { name: text } },
    { elsewhere: 1 },
    ['elsewhere is no field; known here: name'],
  ],
  ['a key where there is none', { type: 'object' }, { a: 1 }, ['a is no field; expected nothing here']],
  [
    'a key that needs quotes',
    { type: 'object', additionalProperties: text },
    { 'a/b': 1 },
    ['["a/b"] is 1; expected text'],
  ],
  [
    'what is kept, known or not',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    { a: { b: 1 } },
    [],
  ],
  [
    'an object inside another',
    { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: text } },
    { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, spec: 'y' },
    [],
  ],
  [
    'none of what is allowed',
    { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    true,
    [' true fits none of what is allowed here; expected text, or a whole number'],
  ],
  [
    'two of what excludes each other',
    {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'integer' } },
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
    },
    { a: 1, b: 2 },
    [' {"a":1,"b":2} does not fit exactly one of what is allowed here; expected a, or b'],
  ],
  [
    'one of what excludes each other',
    { type: 'object', properties: { a: text, b: text }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    { a: '1' },
    [],
  ],
  [
    'what is excluded',
    { type: 'string', not: { enum: ['default'] } },
    'default',
    [' "default" is excluded here; expected not "default"'],
  ],
  [
    'a further condition',
    { type: 'string', allOf: [{ pattern: '^a' }] },
    'b',
    [' "b" is not allowed here; expected text like ^a'],
  ],
])('%s', (_, schema, value, expected) => {
  expect(problems(schema, value)).toEqual(expected);
});

test('a key of a list is what it is by default, where it is left out', () => {
  const schema: Schema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port', 'protocol'],
    items: { type: 'object', properties: { port: { type: 'integer' }, protocol: text } },
  };
  const twice = [{ port: 53, protocol: 'UDP' }, { port: 53 }, { port: 53, protocol: 'TCP' }];
  expect(problems(schema, twice)).toEqual([
    '[2] is the second with port and protocol 53 "TCP"; expected each once',
  ]);
});

test.each(['1', '-1', '0.5', '.5', '5.', '500m', '2Gi', '1e3', '1E-2', 3])('%s is a quantity', (value) => {
  expect(isQuantity(value)).toBe(true);
});
test.each(['', 'x', '1 Gi', '1gi', '1e', 'Gi', null, true, {}])('%p is none', (value) => {
  expect(isQuantity(value)).toBe(false);
});

/** The same schemas as a library for JSON Schema reads them: closed where fields are listed. */
function toJsonSchema(schema: Schema, structural: boolean): Json {
  if (schema.$ref?.endsWith('.Quantity') === true) return { $ref: 'quantity' };
  if (schema.$ref !== undefined) {
    const { $ref, ...more } = schema;
    const definition = { $ref: `definitions#/definitions/${$ref.split('/').at(-1)}` };
    return Object.keys(more).length === 0 ? definition : { allOf: [definition, more] };
  }
  const { properties, items, additionalProperties, format, ...rest } = schema;
  const open =
    schema['x-kubernetes-preserve-unknown-fields'] === true || (properties === undefined && !structural);
  const intOrString = schema['x-kubernetes-int-or-string'] === true || format === 'int-or-string';
  const { type, anyOf, exclusiveMinimum: _, exclusiveMaximum: __, ...others } = rest;
  return {
    ...others,
    ...(intOrString ? { type: ['string', 'integer'] } : type === undefined ? {} : { type }),
    ...(anyOf === undefined || intOrString ? {} : { anyOf }),
    ...(properties === undefined
      ? {}
      : { properties: mapValues(properties, (inner) => toJsonSchema(inner, structural)) }),
    ...(items === undefined ? {} : { items: toJsonSchema(items, structural) }),
    ...(typeof additionalProperties === 'object'
      ? { additionalProperties: toJsonSchema(additionalProperties, structural) }
      : type === 'object' && !open
        ? { additionalProperties: additionalProperties ?? false }
        : {}),
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
ajv.addSchema(
  {
    type: ['string', 'number'],
    pattern: String.raw`^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[munkMGTPE]|[KMGTPE]i)?$`,
  },
  'quantity',
);
const definitions = mapValues(
  Object.fromEntries(Object.entries(kinds.definitions).filter(([name]) => name.startsWith('io.k8s.'))),
  (definition) => toJsonSchema(definition, false),
);
ajv.addSchema({ definitions }, 'definitions');

const objects = platformWith().objects.map(({ object }) => object as Json);

test('whatever is changed in an object of ours, a library that compiles the same schemas says the same', () => {
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>();
  fc.assert(
    fc.property(fc.nat(objects.length - 1), changes, (index, change) => {
      const object = structuredClone(objects[index]);
      const way = applyChange(object, change);

      const kind = kinds.find(object.apiVersion, object.kind);
      if (kind === undefined) throw new Error(`no schema of ${object.kind}`);
      const compile = compiled.get(object.kind) ?? ajv.compile(toJsonSchema(kind.schema, kind.structural));
      compiled.set(object.kind, compile);
      // What a list is keyed by, and formats, are words of Kubernetes' own.
      const ours = validate(kind.schema, object, kinds.definitions, kind.structural).problems.filter(
        ({ message }) => !/^is the second|is not base64/.test(message),
      );
      expect({
        way,
        change,
        ours: ours.length === 0,
        ...(ours.length === 0 ? {} : { said: ours }),
      }).toMatchObject({
        ours: compile(object),
      });
    }),
    { numRuns: 400 },
  );
});

test('the schemas are of the Kubernetes that runs the cluster', () => {
  const pinned = /k3sVersion = '(v[0-9.]+)\+k3s\d+'/.exec(
    readFileSync(join(root, 'charts', 'pins.ts'), 'utf8'),
  )?.[1];
  expect(kinds.version).toBe(pinned);
});
