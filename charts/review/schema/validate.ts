import { nearest } from '../../nearest.ts';
import { isQuantity } from './quantity.ts';
import { join, list, nameOfType, say, sayAll, show } from './say.ts';
import type { CelRule, Problem, Schema } from './schema.ts';

/** A value at which rules in CEL stand. */
export interface Ruled {
  readonly at: string;
  readonly value: unknown;
  readonly schema: Schema;
  readonly rules: readonly CelRule[];
}

export interface Verdict {
  readonly problems: readonly Problem[];
  readonly ruled: readonly Ruled[];
}

/**
 * Holds a value against a schema, as the API server does with field validation Strict: what is not listed is an
 * error. One walk over the value; nothing is compiled before, so that the first object costs what the next does.
 *
 * @param definitions what `#/definitions/…` means.
 * @param structural whether the schema is of a CustomResourceDefinition.
 */
export function validate(
  schema: Schema,
  value: unknown,
  definitions: Readonly<Record<string, Schema>>,
  structural: boolean,
): Verdict {
  const walk = new Walk(definitions);
  walk.visit(schema, value, '', structural);
  return walk;
}

class Walk implements Verdict {
  readonly problems: Problem[] = [];
  readonly ruled: Ruled[] = [];

  readonly #definitions: Readonly<Record<string, Schema>>;

  constructor(definitions: Readonly<Record<string, Schema>>) {
    this.#definitions = definitions;
  }

  visit(given: Schema, value: unknown, at: string, structural: boolean): void {
    const [schema, own] = this.resolve(given);
    const inStructure = structural && !own;
    if (value === null && schema.nullable !== true) {
      this.wrong(at, value, 'a value; leave out what has none');
      return;
    }
    if (given.$ref?.endsWith('.Quantity') === true) {
      if (!isQuantity(value)) this.wrong(at, value, 'a quantity such as "500m" or "2Gi"');
      return;
    }
    if (value === null && schema.nullable === true) return;
    if (!hasType(schema, value)) {
      this.wrong(at, value, nameOfType(schema));
      return;
    }
    this.visitAny(schema, value, at);
    if (typeof value === 'string') this.visitString(schema, value, at);
    else if (typeof value === 'number') this.visitNumber(schema, value, at);
    else if (Array.isArray(value)) this.visitList(schema, value, at, inStructure);
    else if (typeof value === 'object' && value !== null)
      this.visitObject(schema, value as Readonly<Record<string, unknown>>, at, inStructure);
    const rules = schema['x-kubernetes-validations'];
    if (rules !== undefined) this.ruled.push({ at, value, schema, rules });
  }

  /** @returns also whether the schema is one of Kubernetes' own, to which the structure leads. */
  private resolve(schema: Schema): [Schema, boolean] {
    if (schema.$ref === undefined) return [schema, false];
    const { $ref, ...more } = schema;
    const definition = this.#definitions[$ref.slice('#/definitions/'.length)] ?? {};
    if (Object.keys(more).length === 0) return [definition, true];
    const merged = mergedSchemas.get(schema) ?? { ...definition, ...more };
    mergedSchemas.set(schema, merged);
    return [merged, true];
  }

  private visitAny(schema: Schema, value: unknown, at: string): void {
    if (schema.enum !== undefined && !schema.enum.includes(value)) {
      const near =
        typeof value === 'string'
          ? nearest(
              value,
              schema.enum.filter((one) => typeof one === 'string'),
            )
          : undefined;
      const expected = schema.enum.map((one) => show(one)).join(' or ');
      this.problem(
        at,
        `is ${show(value)}`,
        near === undefined ? `expected ${expected}` : `did you mean ${show(near)}? expected ${expected}`,
      );
    }
    for (const part of schema.allOf ?? []) this.visitAlso(part, value, at);
    if (schema.anyOf !== undefined && !schema.anyOf.some((part) => this.fits(part, value)))
      this.problem(
        at,
        `${show(value)} fits none of what is allowed here`,
        `expected ${sayAll(schema.anyOf)}`,
      );
    if (schema.oneOf !== undefined && schema.oneOf.filter((part) => this.fits(part, value)).length !== 1)
      this.problem(
        at,
        `${show(value)} does not fit exactly one of what is allowed here`,
        `expected ${sayAll(schema.oneOf)}`,
      );
    if (schema.not !== undefined && this.fits(schema.not, value))
      this.problem(at, `${show(value)} is excluded here`, `expected not ${say(schema.not)}`);
  }

  private visitString(schema: Schema, value: string, at: string): void {
    const { pattern, format, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema;
    const length = [...value].length;
    if (length < minLength)
      this.problem(at, `is ${show(value)}`, `expected at least ${minLength} characters`);
    if (length > maxLength) this.problem(at, `has ${length} characters`, `expected at most ${maxLength}`);
    if (pattern !== undefined && toRegExp(pattern)?.test(value) === false)
      this.problem(at, `is ${show(value)}`, `expected text like ${pattern}`);
    if (format === 'date-time' && Number.isNaN(Date.parse(value)))
      this.problem(at, `is ${show(value)}`, 'expected a time such as "2026-01-31T12:00:00Z"');
    if (format === 'byte' && !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
      this.problem(at, 'is not base64', 'expected the bytes in base64');
  }

  private visitNumber(schema: Schema, value: number, at: string): void {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
    if (minimum !== undefined && (value < minimum || (exclusiveMinimum === true && value === minimum)))
      this.problem(at, `is ${value}`, `expected at least ${minimum}`);
    if (maximum !== undefined && (value > maximum || (exclusiveMaximum === true && value === maximum)))
      this.problem(at, `is ${value}`, `expected at most ${maximum}`);
    if (multipleOf !== undefined && value % multipleOf !== 0)
      this.problem(at, `is ${value}`, `expected a multiple of ${multipleOf}`);
    if (format === 'int32' && Math.abs(value) > 2 ** 31 - 1)
      this.problem(at, `is ${value}`, 'expected a number of 32 bits');
  }

  private visitList(schema: Schema, value: readonly unknown[], at: string, structural: boolean): void {
    const { items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
    if (value.length < minItems)
      this.problem(at, `has ${value.length} entries`, `expected at least ${minItems}`);
    if (value.length > maxItems)
      this.problem(at, `has ${value.length} entries`, `expected at most ${maxItems}`);
    if (items !== undefined)
      for (const [index, entry] of value.entries()) this.visit(items, entry, `${at}[${index}]`, structural);
    this.visitKeys(schema, value, at);
  }

  /** An entry that is there twice: which of them would a change be of? */
  private visitKeys(schema: Schema, value: readonly unknown[], at: string): void {
    const kind = schema['x-kubernetes-list-type'];
    if (kind !== 'map' && kind !== 'set') return;
    const fields = schema['x-kubernetes-list-map-keys'] ?? [];
    const items = schema.items === undefined ? {} : this.resolve(schema.items)[0];
    const seen = new Set<string>();
    for (const [index, entry] of value.entries()) {
      const key =
        kind === 'set'
          ? JSON.stringify(entry)
          : fields
              .map((field) =>
                JSON.stringify((entry as Record<string, unknown>)?.[field] ?? defaultOf(items, field)),
              )
              .join(' ');
      if (seen.has(key))
        this.problem(
          `${at}[${index}]`,
          `is the second with ${kind === 'set' ? '' : `${fields.join(' and ')} `}${key}`,
          'expected each once',
        );
      seen.add(key);
    }
  }

  private visitObject(
    schema: Schema,
    value: Readonly<Record<string, unknown>>,
    at: string,
    structural: boolean,
  ): void {
    const {
      properties,
      additionalProperties,
      required,
      minProperties = 0,
      maxProperties = Number.POSITIVE_INFINITY,
    } = schema;
    const count = Object.keys(value).length;
    if (count < minProperties) this.problem(at, `has ${count} entries`, `expected at least ${minProperties}`);
    if (count > maxProperties) this.problem(at, `has ${count} entries`, `expected at most ${maxProperties}`);
    for (const name of required ?? []) {
      if (value[name] === undefined && defaultOf(schema, name) === undefined)
        this.problem(join(at, name), 'is missing', `expected ${say(properties?.[name] ?? {})}`, true);
    }
    const embedded = schema['x-kubernetes-embedded-resource'] === true;
    const open =
      schema['x-kubernetes-preserve-unknown-fields'] === true || (properties === undefined && !structural);
    for (const [name, inner] of Object.entries(value)) {
      if (schema.propertyNames !== undefined) this.visitString(schema.propertyNames, name, join(at, name));
      if (inner === undefined) continue;
      const known = properties?.[name] ?? (embedded ? embeddedFields[name] : undefined);
      if (known !== undefined) this.visit(known, inner, join(at, name), structural);
      else if (typeof additionalProperties === 'object')
        this.visit(additionalProperties, inner, join(at, name), structural);
      else if (additionalProperties !== true && !open) this.unknown(name, at, Object.keys(properties ?? {}));
    }
  }

  private unknown(name: string, at: string, known: readonly string[]): void {
    const near = nearest(name, known);
    const mend =
      near !== undefined
        ? `did you mean "${near}"?`
        : known.length === 0
          ? 'expected nothing here'
          : `known here: ${list(known)}`;
    this.problem(join(at, name), 'is no field', mend);
  }

  /** A further condition on a value whose fields are known already. */
  private visitAlso(schema: Schema, value: unknown, at: string): void {
    if (!this.fits(schema, value))
      this.problem(at, `${show(value)} is not allowed here`, `expected ${say(schema)}`);
  }

  /** Inside allOf, anyOf, oneOf and not stand conditions only: no field is unknown to them. */
  private fits(schema: Schema, value: unknown): boolean {
    const inner = new Walk(this.#definitions);
    inner.visit(opened(schema), value, '', false);
    return inner.problems.length === 0;
  }

  private wrong(at: string, value: unknown, expected: string): void {
    this.problem(at, `is ${show(value)}`, `expected ${expected}`, true);
  }

  private problem(at: string, message: string, mend: string, shape = false): void {
    this.problems.push({ at, message, mend, shape });
  }
}

/** A definition with what stands beside its `$ref`. */
const mergedSchemas = new WeakMap<Schema, Schema>();
const openedSchemas = new WeakMap<Schema, Schema>();
function opened(schema: Schema): Schema {
  const known = openedSchemas.get(schema);
  if (known !== undefined) return known;
  const made: Schema = {
    ...schema,
    ...(schema.properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(schema.properties).map(([name, inner]) => [name, opened(inner)]),
          ),
        }),
    ...(schema.items === undefined ? {} : { items: opened(schema.items) }),
    'x-kubernetes-preserve-unknown-fields': true,
  };
  openedSchemas.set(schema, made);
  return made;
}

const embeddedFields: Readonly<Record<string, Schema>> = {
  apiVersion: { type: 'string' },
  kind: { type: 'string' },
  metadata: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
};

function defaultOf(schema: Schema, field: string): unknown {
  // The document of Kubernetes leaves defaults out; this is the one that keys of its lists rely on.
  return schema.properties?.[field]?.default ?? (field === 'protocol' ? 'TCP' : undefined);
}

function hasType(schema: Schema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true || schema.format === 'int-or-string')
    return typeof value === 'string' || (Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31);
  switch (schema.type) {
    case undefined:
      return true;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === schema.type;
  }
}

const patterns = new Map<string, RegExp | undefined>();
/** Patterns are of Go; one that JavaScript cannot read is left to the API server. */
function toRegExp(pattern: string): RegExp | undefined {
  if (!patterns.has(pattern)) {
    try {
      patterns.set(pattern, new RegExp(pattern, 'u'));
    } catch {
      patterns.set(pattern, undefined);
    }
  }
  return patterns.get(pattern);
}
