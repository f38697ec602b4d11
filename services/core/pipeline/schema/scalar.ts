import * as z from 'zod';
import { parseDuration } from '../../job/index.ts';

/**
 * What the parser hands over as the text that stands in the file. `json` is how editors are told of it;
 * `toPipelineSchema` puts it in the place of what zod would say.
 */
export const text = z
  .string({ error: 'expected text' })
  .max(64 * 1024, 'expected at most 64 KiB of text')
  .meta({ json: { type: ['string', 'number', 'boolean'] } });

export const flag = z
  .string({ error: 'expected true or false' })
  .regex(/^(?:true|yes|on|false|no|off)$/i, 'expected true or false')
  .transform((given) => /^(?:true|yes|on)$/i.test(given))
  .meta({ json: { type: 'boolean' } });

export const whole = (min: number, max: number) =>
  z
    .string({ error: `expected a number from ${min} to ${max}` })
    .regex(/^\d{1,9}$/, `expected a number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min, `expected at least ${min}`).max(max, `expected at most ${max}`))
    .meta({ json: { type: 'integer', minimum: min, maximum: max } });

export const duration = z
  .string({ error: 'expected a time such as 30m or 1h30m' })
  .transform((given, context) => {
    const ms = parseDuration(given);
    if (ms !== undefined) return ms;
    context.addIssue({
      code: 'invalid_format',
      format: 'duration',
      message: 'expected a time such as 30m or 1h30m',
    });
    return z.NEVER;
  })
  .meta({ json: { type: 'string', pattern: '^(\\d+d)? ?(\\d+h)? ?(\\d+m)? ?(\\d+s)?$' } });

/** Any YAML: text, a list or a map. The document has bounded it. */
export const anything = z
  .unknown()
  .meta({ json: { type: ['string', 'number', 'boolean', 'array', 'object', 'null'] } });

export const list = <T extends z.ZodType>(item: T, what: string, max = 100) =>
  z.array(item, { error: `expected a list of ${what}` }).max(max, `expected at most ${max} ${what}`);

/** One, or a list of them: always a list to whoever reads it. */
export const some = <T extends z.ZodType>(item: T, what: string, max = 100) =>
  z.union([item, list(item, what, max)], { error: `expected ${toOne(what)} or a list of ${what}` });

const toOne = (what: string): string =>
  `${/^[aeio]/.test(what) ? 'an' : 'a'} ${what.replace(/ies$/, 'y').replace(/s$/, '')}`;

/** A list, or a map from name to item. */
export const named = <T extends z.ZodType>(item: T, what: string, max = 100) =>
  z.union(
    [
      list(item, what, max).min(1, `expected at least one ${what.replace(/s$/, '')}`),
      z
        .record(text.max(100, 'expected a name of at most 100 characters'), item)
        .refine((all) => Object.keys(all).length > 0, `expected at least one ${what.replace(/s$/, '')}`)
        .refine((all) => Object.keys(all).length <= max, `expected at most ${max} ${what}`),
    ],
    {
      error: (issue) =>
        issue.input === undefined ? 'missing' : `expected a list of ${what}, or ${what} by name`,
    },
  );

/** Not of Woodpecker: marked as ours in the schema and the reference. */
export const ours = <T extends z.ZodType>(schema: T): T =>
  schema.meta({ ...schema.meta(), 'x-bellows': true }) as T;

/** With what it means, for the schema and the reference. */
export const says = <T extends z.ZodType>(schema: T, description: string): T =>
  schema.meta({ ...schema.meta(), description }) as T;

export const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected letters, digits and _ in the name of a variable')
  .regex(/^(?!CI_|BELLOWS_(?!\d{1,4}$))/, 'variables that begin with CI_ or BELLOWS_ cannot be set');
