import { z } from 'zod';
import { toPipelineSchema } from '../../services/core/pipeline/index.ts';
import { toTable } from './schema-table.ts';

/** The parts of the schema that a reader of the page needs. */
interface Schema {
  type?: string | string[] | undefined;
  description?: string | undefined;
  enum?: unknown[] | undefined;
  anyOf?: Schema[] | undefined;
  properties?: Record<string, Schema> | undefined;
  additionalProperties?: boolean | Schema | undefined;
  items?: Schema | undefined;
  $ref?: string | undefined;
  $defs?: Record<string, Schema> | undefined;
  allOf?: Schema[] | undefined;
  then?: Schema | undefined;
  'x-bellows'?: boolean | undefined;
}

const schemaSchema: z.ZodType<Schema> = z.lazy(() =>
  z.looseObject({
    type: z.union([z.string(), z.array(z.string())]).optional(),
    description: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    anyOf: z.array(schemaSchema).optional(),
    properties: z.record(z.string(), schemaSchema).optional(),
    additionalProperties: z.union([z.boolean(), schemaSchema]).optional(),
    items: schemaSchema.optional(),
    $ref: z.string().optional(),
    $defs: z.record(z.string(), schemaSchema).optional(),
    allOf: z.array(schemaSchema).optional(),
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's word.
    then: schemaSchema.optional(),
    'x-bellows': z.boolean().optional(),
  }),
);

const whole = schemaSchema.parse(toPipelineSchema());
const [image, artifacts, reports] = (whole.$defs?.step?.allOf ?? []).map(
  ({ then }) => then?.properties?.settings,
);

/** The maps of the language, in the order of the page. */
const places: readonly (readonly [title: string, about: string, schema: Schema | undefined])[] = [
  ['A file', 'One workflow. Everything but `steps` may be left out.', whole],
  ['A step', 'An item of `steps`.', whole.$defs?.step],
  ['A service', 'An item of `services`.', whole.$defs?.service],
  ['A condition', 'Of `when`, of the file or of a step.', whole.$defs?.condition],
  ['Patterns', 'Of a condition: one, a list, or this.', toMap(whole.$defs?.patterns)],
  [
    'Paths',
    'Of the condition `path`: one pattern, a list, or this.',
    toMap(whole.$defs?.condition?.properties?.path),
  ],
  ['A need', 'Of `depends_on`: a name, or this.', toMap(toItem(whole.$defs?.needs))],
  ['Clone', 'Of `clone: { git: { settings: … } }`.', toItem(whole.properties?.clone)?.properties?.settings],
  ['Concurrency', 'A number, or this.', toMap(whole.properties?.concurrency)],
  ['A cache', 'An item of `cache`.', toItem(whole.properties?.cache)],
  ['Workspace', 'Where there are containers.', whole.properties?.workspace],
  ['`kind: image`', 'Its `settings`.', image],
  ['`kind: artifacts`', 'Its `settings`.', artifacts],
  ['`kind: reports`', 'Its `settings`.', reports],
];

/** Every key of a pipeline file, by where it stands. */
export function toPipelineFilePage(): string {
  const sections = places.flatMap(([title, about, schema]) => [
    `## ${title}`,
    about,
    toTable(['key', 'what is written', 'meaning'], toRows(schema)),
  ]);
  return [
    '<!-- Made by npm run docs. -->',
    '# Pipeline file',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of the pipeline file.
    'Every key, by where it stands. The language is that of Woodpecker v3; keys marked † are of our own. A key that is not here is an error, never ignored. [The guide](../guides/pipeline-files.md) shows how they are used, and [variables](variables.md) what `${…}` stands for. For editors there is a [JSON Schema](../pipeline.schema.json).',
    ...sections,
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function toRows(schema: Schema | undefined): string[][] {
  const { properties } = schema ?? {};
  if (properties === undefined) throw new TypeError('a place of the language has no keys');
  return Object.entries(properties).map(([key, child]) => [
    `\`${key}\`${child['x-bellows'] === true ? ' †' : ''}`,
    toForm(child),
    follow(child).description ?? child.description ?? '',
  ]);
}

/** The way of a choice that is a map. */
function toMap(schema: Schema | undefined): Schema | undefined {
  return schema?.anyOf?.map(follow).find(({ properties }) => properties !== undefined) ?? schema;
}

/** What a list holds. */
function toItem(schema: Schema | undefined): Schema | undefined {
  return schema?.anyOf?.map(follow).find(({ items }) => items !== undefined)?.items;
}

function follow(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name === undefined) return schema;
  return {
    ...whole.$defs?.[name],
    ...(schema.description === undefined ? {} : { description: schema.description }),
  };
}

/** What a person writes there, in words. */
function toForm(given: Schema): string {
  const { anyOf, enum: values, type, items, properties, additionalProperties } = follow(given);
  if (anyOf !== undefined) return [...new Set(anyOf.map(toForm))].join(', or ');
  if (values !== undefined) return values.map((value) => `\`${String(value)}\``).join(', ');
  if (items !== undefined) return `list of: ${toForm(items)}`;
  if (properties !== undefined) return 'map';
  if (typeof additionalProperties === 'object') return `names, each with: ${toForm(additionalProperties)}`;
  if (Array.isArray(type)) return type.includes('object') ? 'anything' : 'text';
  return { boolean: '`true` or `false`', integer: 'number', string: 'text' }[type ?? ''] ?? 'anything';
}
