import * as z from 'zod';
import { kindSchemas, kinds } from './kinds.ts';
import { stepSchema } from './step.ts';
import { workflowSchema } from './workflow.ts';

/** For editors: the language as JSON Schema (draft 2020-12). */
export function toPipelineSchema(): object {
  const convert = (schema: z.ZodType): z.core.JSONSchema.BaseSchema =>
    z.toJSONSchema(schema, {
      io: 'input',
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (typeof jsonSchema.json === 'object') Object.assign(clear(jsonSchema), jsonSchema.json);
        // The settings of our own kinds depend on the kind.
        if (zodSchema === stepSchema)
          jsonSchema.allOf = kinds.map((kind) => ({
            if: { properties: { kind: { const: kind } }, required: ['kind'] },
            // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
            then: { properties: { settings: settings[kind] ?? {} }, required: ['settings'] },
          }));
      },
    });
  const settings = Object.fromEntries(
    kinds.map((kind) => {
      const { $schema: _, ...rest } = convert(kindSchemas[kind]);
      return [kind, rest];
    }),
  );
  return { title: 'Pipeline file of Bellows', ...convert(workflowSchema) };
}

/** Keeps what a person reads. */
function clear(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema {
  const { json } = schema;
  for (const key of Object.keys(schema)) if (!kept.has(key)) delete schema[key];
  return Object.assign(schema, json);
}

const kept: ReadonlySet<string> = new Set(['description', 'x-bellows', 'default']);
