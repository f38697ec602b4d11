import { platformSchema } from '../../charts/platform.ts';
import { type Property, toDefault, toProperty, toTable } from './schema-table.ts';

/** Every key of platform.yaml: path, meaning, default. */
export function toPlatformPage(): string {
  const rows = toRows(toProperty(platformSchema), '', false);
  return [
    '<!-- Made by npm run docs. -->',
    '# platform.yaml',
    'Every key, what it means, and what it is when you leave it out. `<name>` is a name that you choose.',
    toTable(['key', 'meaning', 'default'], rows),
    '',
  ]
    .join('\n\n')
    .trimEnd()
    .concat('\n');
}

function toRows(property: Property, path: string, required: boolean): string[][] {
  const own =
    path === '' || (property.properties !== undefined && property.description === undefined)
      ? []
      : [
          [
            `\`${path}\``,
            toMeaning(property),
            property.properties === undefined ? toDefault(property, required) : '',
          ],
        ];
  const under = (name: string) => (path === '' ? name : `${path}.${name}`);
  const named = Object.entries(property.properties ?? {}).flatMap(([name, child]) =>
    toRows(child, under(name), property.required?.includes(name) === true),
  );
  const any =
    typeof property.additionalProperties === 'object'
      ? toRows(property.additionalProperties, under('<name>'), false)
      : [];
  return [...own, ...named, ...any];
}

function toMeaning({ description = '', enum: values }: Property): string {
  const choice = values === undefined ? '' : `${values.map((value) => `\`${value}\``).join(', ')}.`;
  return [description, choice].filter((part) => part !== '').join(' ');
}
