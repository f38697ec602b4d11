import { secretNameSchema } from '../../job/index.ts';
import type { Path, YamlValue } from '../document.ts';
import { toNearest } from '../keys.ts';
import type { SecretPart, SecretUse } from '../plan.ts';
import type { Reader } from './reader.ts';

export interface ReadVariables {
  environment: Record<string, string>;
  secrets: SecretUse[];
}

/**
 * Values of `environment` and `settings`, encoded as Woodpecker does it: a list of texts is joined by commas, what is
 * deeper is JSON, nothing at all is no variable.
 *
 * @param toName the variable that a key becomes.
 */
export function toVariables(
  reader: Reader,
  given: Readonly<Record<string, unknown>> | undefined,
  path: Path,
  toName: (key: string) => string = (key) => key,
): ReadVariables {
  const environment: Record<string, string> = {};
  const secrets: SecretUse[] = [];
  for (const [key, value] of Object.entries(given ?? {}) as [string, YamlValue][]) {
    const place = [...path, key];
    if (isNothing(reader, value, place)) continue;
    const variable = toName(key);
    const parts = join(toParts(reader, value, place));
    const [first] = parts.filter((part) => typeof part !== 'string');
    if (first === undefined) environment[variable] = parts.join('');
    else
      secrets.push({
        variable,
        secret: first.secret,
        position: first.position,
        ...(parts.length === 1 && !first.json ? {} : { parts }),
      });
  }
  return { environment, secrets };
}

/** `dry-run` of a plugin is `PLUGIN_DRY_RUN`. */
export const toPluginVariable = (key: string): string =>
  `PLUGIN_${key.replaceAll(/[.-]/g, '_').toUpperCase()}`;

function toParts(reader: Reader, value: YamlValue, path: Path): SecretPart[] {
  if (typeof value === 'string') return [reader.text(value, path)];
  if (!Array.isArray(value)) return toSecret(reader, value, path, false) ?? toJson(reader, value, path);
  const items = value.map((item, i) =>
    typeof item === 'string'
      ? [isNothing(reader, item, [...path, i]) ? '' : reader.text(item, [...path, i])]
      : undefined,
  );
  if (items.includes(undefined)) return toJson(reader, value, path);
  return items.flatMap((item, i) => (i === 0 ? (item ?? []) : [',', ...(item ?? [])]));
}

function toJson(reader: Reader, value: YamlValue, path: Path): SecretPart[] {
  if (typeof value === 'string') return [toJsonScalar(reader, value, path)];
  if (Array.isArray(value)) {
    const items = value.map((item, i) => toJson(reader, item, [...path, i]));
    return ['[', ...items.flatMap((item, i) => (i === 0 ? item : [',', ...item])), ']'];
  }
  const secret = toSecret(reader, value, path, true);
  if (secret !== undefined) return secret;
  const entries = Object.keys(value)
    .sort()
    .map((key) => [`${JSON.stringify(key)}:`, ...toJson(reader, value[key] ?? '', [...path, key])]);
  return ['{', ...entries.flatMap((entry, i) => (i === 0 ? entry : [',', ...entry])), '}'];
}

/** YAML 1.2, 10.3.2: what stands there without quotes may be a number, a truth or nothing. */
function toJsonScalar(reader: Reader, given: string, path: Path): string {
  if (isNothing(reader, given, path)) return 'null';
  const text = reader.text(given, path);
  if (!reader.document.isPlain(path)) return JSON.stringify(text);
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(text)) return text.toLowerCase();
  const isNumber = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$|^0x[\da-fA-F]+$|^0o[0-7]+$/.test(text);
  return isNumber && Number.isFinite(Number(text)) ? JSON.stringify(Number(text)) : JSON.stringify(text);
}

/** `~`, `null`, or nothing after the colon. */
function isNothing(reader: Reader, value: YamlValue, path: Path): boolean {
  return value === '' && reader.document.isPlain(path);
}

/** Of `{ from_secret: name }`. */
export function toSecret(
  reader: Reader,
  value: { [key: string]: YamlValue },
  path: Path,
  json: boolean,
): SecretPart[] | undefined {
  const [key = '', ...others] = Object.keys(value);
  if (!Object.hasOwn(value, 'from_secret')) {
    if (others.length === 0 && toNearest(key, ['from_secret']) !== undefined)
      reader.failAtKey(
        [...path, key],
        `unknown key ${JSON.stringify(key)} as a value`,
        'did you mean "from_secret"?',
      );
    return undefined;
  }
  const other = Object.keys(value).find((one) => one !== 'from_secret');
  if (other !== undefined)
    reader.failAtKey([...path, other], `unknown key ${JSON.stringify(other)} beside from_secret`);
  const place = [...path, 'from_secret'];
  const name = secretNameSchema.safeParse(value.from_secret);
  if (!name.success)
    return reader.fail(place, `from_secret: ${name.error.issues[0]?.message ?? 'expected a name'}`);
  return [{ secret: name.data, position: reader.positionOf(place), json }];
}

/** Texts that stand beside each other become one. */
function join(parts: readonly SecretPart[]): SecretPart[] {
  const joined: SecretPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
    else joined.push(part);
  }
  return joined;
}
