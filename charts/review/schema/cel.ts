import { Environment } from '@marcbachmann/cel-js';
import { isQuantity } from './quantity.ts';
import type { Schema } from './schema.ts';
import type { Ruled } from './validate.ts';

type Parsed = ReturnType<Environment['parse']>;

/** What one rule says of one value. */
export interface Answer {
  readonly at: string;
  /** Why it does not hold; undefined for a rule that cannot be evaluated here. */
  readonly message: string | undefined;
  readonly rule: string;
}

export interface CelRules {
  /** Every rule that does not hold. */
  ask(ruled: Ruled): Answer[];
}

/**
 * The rules in CEL of CustomResourceDefinitions. Those about the object as it was before (`oldSelf`) are left to
 * the API server; nothing here knows it.
 */
export function createCelRules(): CelRules {
  const environment = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
    .registerVariable('self', 'dyn')
    .registerFunction('isURL(string): bool', (text: string) => URL.canParse(text))
    .registerFunction('isQuantity(string): bool', (text: string) => isQuantity(text));
  const parsed = new Map<string, Parsed | undefined>();
  const parse = (rule: string): Parsed | undefined => {
    if (!parsed.has(rule))
      parsed.set(
        rule,
        tryTo(() => environment.parse(rule)),
      );
    return parsed.get(rule);
  };
  return {
    ask: ({ at, value, schema, rules }) => {
      const self = toCel(schema, value);
      return rules
        .filter(({ rule }) => !/\boldSelf\b/.test(rule))
        .flatMap(({ rule, message, messageExpression }): Answer[] => {
          const held: unknown = tryTo(() => parse(rule)?.({ self }));
          if (held === true) return [];
          if (held !== false) return [{ at, message: undefined, rule }];
          const said =
            messageExpression === undefined ? undefined : tryTo(() => parse(messageExpression)?.({ self }));
          return [
            { at, message: typeof said === 'string' ? said : (message ?? `does not hold: ${rule}`), rule },
          ];
        });
    },
  };
}

function tryTo<T>(evaluate: () => T): T | undefined {
  try {
    return evaluate();
  } catch {
    return undefined;
  }
}

/** As the API server hands it to a rule: defaults filled in, whole numbers as integers. */
function toCel(schema: Schema, value: unknown): unknown {
  if (typeof value === 'number')
    return schema.type === 'number' ? value : Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map((entry) => toCel(schema.items ?? {}, entry));
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  const others = typeof additionalProperties === 'object' ? additionalProperties : {};
  const filled: Record<string, unknown> = {};
  for (const [name, inner] of Object.entries(properties))
    if (inner.default !== undefined) filled[name] = toCel(inner, inner.default);
  for (const [name, inner] of Object.entries(value)) filled[name] = toCel(properties[name] ?? others, inner);
  return filled;
}
