/**
 * Characters that act on a terminal, or on a reader, without being seen: C0, DEL and C1 (`Cc`), all that
 * Unicode lets a renderer ignore (zero-width, tags, variation selectors), the bidirectional controls,
 * line separators, annotations, and what is no character at all (lone surrogates, noncharacters).
 */
export const unseen =
  /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}\u{fff9}-\u{fffb}]/u;

const replacement = '\u{fffd}';

/** What stands for one `unseen` character: a control picture (U+2400 …), or U+FFFD. */
export function toVisible(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u{2421}';
  // Unicode has no pictures of C1: shown as the two 7-bit characters that mean the same (ECMA-48, 5.3).
  if (code < 0xa0) return `\u{241b}${String.fromCharCode(code - 0x40)}`;
  // They only choose between two looks of a symbol, and terminals disagree about the width of the result.
  if (code === 0xfe0e || code === 0xfe0f) return '';
  return replacement;
}
