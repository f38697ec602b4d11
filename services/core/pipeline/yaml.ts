/** What can be printed; keys without a value are left out. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | YamlMap;
export interface YamlMap {
  readonly [key: string]: Yaml | undefined;
}

/** A YAML 1.2 document in block style, one key or item a line, read as the same values. */
export function toYaml(map: YamlMap): string {
  return `${toMapLines(map).join('\n')}\n`;
}

function toMapLines(map: YamlMap): string[] {
  return Object.entries(map).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return toEntryLines(`${toScalar(key)}:`, value);
  });
}

function toEntryLines(head: string, value: Yaml): string[] {
  const lines = toLines(value);
  const [only = ''] = lines;
  return isInline(value) ? [`${head} ${only}`] : [head, ...lines.map((line) => `  ${line}`)];
}

function toLines(value: Yaml): string[] {
  if (typeof value !== 'object' || value === null) return [toScalar(value)];
  if (isInline(value)) return [Array.isArray(value) ? '[]' : '{}'];
  if (!isList(value)) return toMapLines(value);
  return value.flatMap((item) => {
    const [first = '', ...rest] = toLines(item);
    return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
  });
}

const isList = (value: readonly Yaml[] | YamlMap): value is readonly Yaml[] => Array.isArray(value);

/** A scalar, or a list or map of nothing. */
function isInline(value: Yaml): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every((one) => one === undefined);
}

/** Plain where that is surely a text in YAML, else in double quotes. */
function toScalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  const isWords = /^[A-Za-z.][\w./=-]*(?: [\w./=-]+)*$/.test(value);
  const isWordOfYaml = /^(?:true|false|null|yes|no|on|off|y|n|\.inf|\.nan|\.\d.*)$/i.test(value);
  return isWords && !isWordOfYaml ? value : `"${[...value].map(toQuoted).join('')}"`;
}

/** YAML 1.2, 5.7: what cannot be seen, or would end the quotes, is escaped. */
function toQuoted(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character)) return character;
  return `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`;
}
