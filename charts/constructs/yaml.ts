import { Yaml } from 'cdk8s';

/**
 * What `Yaml.stringify` of cdk8s makes of these objects, byte for byte, several times as fast: most of a manifest is
 * short plain text, for which the library walks a document, a schema and a dozen expressions. What is anything else is
 * asked of it, once for each text.
 *
 * @param objects plain JSON, as ApiObject.toJson gives it
 */
export function toYaml(objects: readonly object[]): string {
  return objects.map(toDocument).join('---\n');
}

function toDocument(object: object): string {
  const lines = isPlainMap(object) && !hasTwice(object, new Set()) ? toMap(object, '') : undefined;
  return lines === undefined || lines === '' ? Yaml.stringify(object) : `${lines}\n`;
}

/** An object that stands at two places becomes an anchor and an alias; that is the library's. */
function hasTwice(value: object, seen: Set<object>): boolean {
  if (seen.has(value)) return true;
  seen.add(value);
  for (const key in value) {
    const inner: unknown = Reflect.get(value, key);
    if (typeof inner === 'object' && inner !== null && hasTwice(inner, seen)) return true;
  }
  return false;
}

/** Undefined: for the library to say. The first line is not indented, the others are. */
function toMap(map: Readonly<Record<string, unknown>>, indent: string): string | undefined {
  let text = '';
  for (const key in map) {
    const name = toKey(key);
    const value = map[key];
    if (name === undefined) return undefined;
    const inside = `${indent}  `;
    let said: string | undefined;
    if (Array.isArray(value) && value.length > 0) said = join(`\n${inside}`, toList(value, inside));
    else if (isPlainMap(value) && !isEmpty(value)) said = join(`\n${inside}`, toMap(value, inside));
    else said = join(' ', toScalar(value, inside));
    if (said === undefined) return undefined;
    text += text === '' ? `${name}:${said}` : `\n${indent}${name}:${said}`;
  }
  return text;
}

function toList(list: readonly unknown[], indent: string): string | undefined {
  let text = '';
  for (const value of list) {
    const inside = `${indent}  `;
    let said: string | undefined;
    if (Array.isArray(value) && value.length > 0) said = toList(value, inside);
    else if (isPlainMap(value) && !isEmpty(value)) said = toMap(value, inside);
    else said = toScalar(value, inside);
    if (said === undefined) return undefined;
    text += text === '' ? `- ${said}` : `\n${indent}- ${said}`;
  }
  return text;
}

function toScalar(value: unknown, indent: string): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.includes('\n') ? toBlock(value, indent) : toLine(value);
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : undefined;
    default:
      if (Array.isArray(value)) return '[]';
      return isPlainMap(value) ? '{}' : undefined;
  }
}

/** Begins with a letter, a slash or `./`, and nothing in it means anything to YAML; not all that is so, but most. */
const plain = /^(?:[A-Za-z/]|\.\/)(?:[\w./@=+,()$*-]|:(?=[\w/])| (?=[\w/(]))*$/;
/** What YAML 1.1 takes for something else than text. */
const word = /^(?:y|n|yes|no|true|false|on|off|null)$/i;
const lines = new Map<string, string>();

function toLine(value: string): string {
  if (plain.test(value) && !word.test(value)) return value;
  let line = lines.get(value);
  if (line === undefined) {
    // As a value in a map, where it stands wherever an object has it.
    line = Yaml.stringify({ k: value }).slice('k: '.length, -1);
    lines.set(value, line);
  }
  return line;
}

function toKey(key: string): string | undefined {
  if (key.length > 200) return undefined;
  if (plain.test(key) && !word.test(key)) return key;
  // What may begin a document, or stand on several lines, is quoted by where it is.
  return /^[A-Za-z0-9_./:*@ -]+$/.test(key) && !/^(?:---|\.\.\.)/.test(key) ? toLine(key) : undefined;
}

/** The literal form, for text that needs no more than that. */
function toBlock(value: string, indent: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/^[\s\ufeff]|[ \t]\n*$|\n\n$|[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]/.test(value)) return undefined;
  const isClosed = value.endsWith('\n');
  const body = isClosed ? value.slice(0, -1) : value;
  return `|${isClosed ? '' : '-'}\n${indent}${body.replace(/\n+/g, `$&${indent}`)}`;
}

function join(before: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : before + text;
}

function isEmpty(map: object): boolean {
  for (const _ in map) return false;
  return true;
}

function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
