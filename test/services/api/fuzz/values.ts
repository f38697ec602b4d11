import fc from 'fast-check';

/** What routes say of what they take, as far as they say it: JSON Schema as OpenAPI 3.1 has it. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
}

/** Words that mean something here; those that fit a pattern are its values. */
export interface Vocabulary {
  words: readonly string[];
}

/** A value that the schema allows. @throws where no word fits: the vocabulary lacks one */
export function toValid(schema: Schema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
  const options = schema.anyOf ?? schema.oneOf;
  if (options !== undefined) return fc.oneof(...options.map((option) => toValid(option, vocabulary)));
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  const type = [schema.type ?? []].flat().find((name) => name !== 'null');
  switch (type) {
    case 'object':
      return toObject(schema, vocabulary);
    case 'array':
      return fc.array(toValid(schema.items ?? {}, vocabulary), {
        minLength: schema.minItems ?? 0,
        maxLength: Math.min(schema.maxItems ?? 3, Math.max(3, schema.minItems ?? 0)),
      });
    case 'integer':
    case 'number': {
      const least =
        schema.minimum ?? (schema.exclusiveMinimum === undefined ? 0 : schema.exclusiveMinimum + 1);
      return fc.integer({ min: least, max: Math.min(least + 3, schema.maximum ?? least + 3) });
    }
    case 'boolean':
      return fc.boolean();
    case 'string':
      return toWord(schema, vocabulary);
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function toObject({ properties = {}, required = [] }: Schema, vocabulary: Vocabulary) {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [name, toValid(schema, vocabulary)]),
  );
  return fc.record(fields, { requiredKeys: required });
}

function toWord({ pattern, minLength = 0, maxLength = 2000 }: Schema, { words }: Vocabulary) {
  const fits = pattern === undefined ? undefined : new RegExp(pattern.replace(/^\/|\/u$/g, ''), 'u');
  const known = words.filter(
    (word) => word.length >= minLength && word.length <= maxLength && fits?.test(word) !== false,
  );
  if (known.length === 0)
    throw new Error(`no word of the vocabulary fits ${pattern ?? `${minLength} characters`}`);
  return fc.constantFrom(...known);
}

const overMegabyte = 'a'.repeat(1024 * 1024 + 1);

/** What nobody should send: of another type, out of range, huge, deep, or a name that JavaScript knows. */
export const hostile: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  2 ** 53,
  -1e308,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e\u2066',
  '\u{1f514}'.repeat(50),
  '__proto__',
  'constructor',
  '../../etc/passwd',
  '-oProxyCommand=x',
  'refs/heads/\n',
  '\r\nset-cookie: a=b',
  "'; DROP TABLE jobs; --",
  '{{constructor}}',
  'a'.repeat(5000),
  'a'.repeat(70_000),
  [],
  {},
  [[[]]],
  toDeep(2000),
  JSON.parse('{"__proto__": {"role": "admin"}}'),
  JSON.parse('{"constructor": {"prototype": {"role": "admin"}}}'),
  { toString: 1, valueOf: 2, length: -1, hasOwnProperty: 'x' },
  Array.from({ length: 1000 }, (_, i) => i),
];

/** Strings of them, for where only text can stand. */
export const hostileText = hostile.filter(
  (value) => typeof value === 'string' && value.length < 10_000,
) as string[];

/** The same value with one thing in it removed, replaced, or added. */
export function damage(value: unknown): fc.Arbitrary<unknown> {
  const places = toPlaces(value);
  return fc
    .record({
      at: fc.nat(),
      how: fc.constantFrom('remove', 'replace', 'replace', 'add', 'wrap'),
      what: fc.constantFrom(...hostile),
      name: fc.constantFrom('__proto__', 'constructor', 'extra', '', '0', 'id', 'toJSON'),
    })
    .map(({ at, how, what, name }) => {
      const place = places[at % places.length] ?? [];
      return change(value, place, (old) => {
        if (how === 'replace') return what;
        if (how === 'wrap') return [old];
        if (how === 'add' && typeof old === 'object' && old !== null && !Array.isArray(old))
          return define({ ...old }, name, what);
        return undefined;
      });
    });
}

/** Texts that are no JSON, or not only. */
export const brokenTexts: readonly (string | Uint8Array)[] = [
  '',
  '{',
  '[',
  'null',
  '"text"',
  '{"a":1}}',
  '\ufeff{}',
  "{'a': 1}",
  '{"a":1,"a":2}',
  '['.repeat(30_000),
  '{"a":'.repeat(5000),
  overMegabyte,
  new Uint8Array([0xff, 0xfe, 0x00]),
  new Uint8Array([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]),
];

function toDeep(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = [value];
  return value;
}

function toPlaces(value: unknown, place: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [place];
  return [place, ...Object.entries(value).flatMap(([name, part]) => toPlaces(part, [...place, name]))];
}

/** @param to undefined removes it. */
function change(value: unknown, [name, ...rest]: readonly string[], to: (old: unknown) => unknown): unknown {
  if (name === undefined) return to(value);
  if (typeof value !== 'object' || value === null) return value;
  const after = change(Reflect.get(value, name), rest, to);
  if (Array.isArray(value)) {
    const at = Number(name);
    return after === undefined ? value.toSpliced(at, 1) : value.with(at, after);
  }
  const others = Object.entries(value).filter(([key]) => key !== name);
  const copy = Object.fromEntries(others);
  return after === undefined ? copy : define(copy, name, after);
}

/** Also where the name is `__proto__`, which an assignment would take for something else. */
function define(to: object, name: string, value: unknown): object {
  return Object.defineProperty(to, name, { value, enumerable: true, configurable: true, writable: true });
}
