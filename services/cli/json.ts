/**
 * JSON (RFC 8259) that a terminal can be trusted with: control and format characters, which JSON allows
 * in strings as they are, stand as `\u` escapes. It parses to the same value.
 */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2);
  return `${text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => (character === '\n' ? character : toEscape(character)))}\n`;
}

function toEscape(character: string): string {
  return [...Array(character.length).keys()]
    .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
    .join('');
}
