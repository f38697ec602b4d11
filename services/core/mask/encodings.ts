/** A shorter secret stands in too many words that are none: masking it would eat the log. */
const shortestSecret = 6;
const shortestLine = 4;
/** A longer text is looked for in pieces, so that no more than this is held back, and a torn one is found. */
export const longestPattern = 256;
/** Where `base64` and `openssl` break their lines. */
const wraps = [76, 64];

/** False where a secret is too short to be told from other text. */
export function isMaskable(value: string): boolean {
  return value.trim().length >= shortestSecret;
}

/** All that gives a secret away, as bytes in latin1 strings: itself, its lines, and what usual encodings make of it. */
export function toPatterns(value: string): Set<string> {
  const trimmed = value.trim();
  const texts = [value, trimmed, ...toLines(trimmed), ...toEscaped(value), ...toEscaped(trimmed)];
  const encoded = [...new Set([value, trimmed, `${trimmed}\n`])].flatMap((text) => toEncoded(text));
  const all = [...texts.map((text) => Buffer.from(text).toString('latin1')), ...encoded];
  return new Set(all.filter((text) => text.length >= shortestLine).flatMap(toPieces));
}

function toLines(text: string): string[] {
  const lines = text.split(/[\r\n]+/).map((line) => line.trim());
  return lines.length < 2 ? [] : lines.filter((line) => line.length >= shortestLine);
}

/** As URLs, JSON and shells write it. */
function toEscaped(text: string): string[] {
  const url = encodeURIComponent(text.toWellFormed());
  const strict = url.replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const form = new URLSearchParams({ v: text }).toString().slice(2);
  const urls = [url, strict, form, form.replaceAll('+', '%20')];
  const lower = urls.map((each) => each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()));
  const json = JSON.stringify(text).slice(1, -1);
  // Python writes ASCII only, PHP escapes slashes, Go what HTML would read.
  const ascii = json.replaceAll(/[^\0-\x7f]/g, toUnicodeEscape);
  const html = json.replaceAll(/[<>&]/g, toUnicodeEscape);
  return [...urls, ...lower, json, ascii, json.replaceAll('/', '\\/'), html, text.replaceAll("'", "'\\''")];
}

function toUnicodeEscape(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function toEncoded(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  const whole = bytes.toString('base64');
  const base64 = [
    whole,
    whole.replaceAll('=', ''),
    ...[0, 1, 2].map((offset) => toInnerBase64(bytes, offset)),
  ];
  const url = base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_'));
  const wrapped = wraps.flatMap((width) =>
    whole.length > width ? (whole.match(new RegExp(`.{1,${width}}`, 'g')) ?? []) : [],
  );
  return [
    hex,
    hex.toUpperCase(),
    ...base64,
    ...url,
    ...wrapped.filter((line) => line.length >= shortestSecret),
  ];
}

/** The characters that these bytes alone decide, so many bytes into a longer text. */
function toInnerBase64(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function toPieces(text: string): string[] {
  if (text.length <= longestPattern) return [text];
  const pieces: string[] = [];
  for (let at = 0; at + longestPattern < text.length; at += longestPattern)
    pieces.push(text.slice(at, at + longestPattern));
  return [...pieces, text.slice(-longestPattern)];
}
