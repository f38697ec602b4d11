import { z } from 'zod';

/** The parts of JSON Schema that a reader of a table needs. */
export const propertySchema: z.ZodType<Property> = z.lazy(() =>
  z.object({
    type: z.string().optional(),
    description: z.string().optional(),
    default: z.json().optional(),
    enum: z.array(z.string()).optional(),
    properties: z.record(z.string(), propertySchema).optional(),
    additionalProperties: z.union([z.boolean(), propertySchema]).optional(),
    required: z.array(z.string()).optional(),
  }),
);

export interface Property {
  type?: string | undefined;
  description?: string | undefined;
  default?: unknown;
  enum?: string[] | undefined;
  properties?: Record<string, Property> | undefined;
  additionalProperties?: boolean | Property | undefined;
  required?: string[] | undefined;
}

/** What a person writes, not what a program gets: defaults may be left out. */
export function toProperty(schema: z.ZodType): Property {
  return propertySchema.parse(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

/** A Markdown table; cells are escaped, so that a pattern with `|` does not break it. */
export function toTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function toDefault({ default: value }: Property, required: boolean): string {
  if (value !== undefined) return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
  return required ? '**required**' : '';
}
