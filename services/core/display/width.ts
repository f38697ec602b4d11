// East Asian Wide and Fullwidth (UAX #11), in ranges coarse enough to read; emoji by their own property.
const wide =
  /[\u{1100}-\u{115f}\u{2329}\u{232a}\u{2e80}-\u{303e}\u{3041}-\u{33ff}\u{3400}-\u{4dbf}\u{4e00}-\u{a4cf}\u{a960}-\u{a97f}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe10}-\u{fe19}\u{fe30}-\u{fe6f}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}\u{16fe0}-\u{18dff}\u{1aff0}-\u{1b2ff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]/u;
const none = /[\p{Mn}\p{Me}\u{1160}-\u{11ff}]/u;
const narrowOnly = /^[\x20-\x7e]*$/;

/** Columns of a terminal that text takes, after `toDisplay`: 0, 1 or 2 for each code point. */
export function displayWidth(text: string): number {
  if (narrowOnly.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += none.test(character) ? 0 : wide.test(character) ? 2 : 1;
  return width;
}

/** Text of at most `columns` columns; what was cut is marked by `mark`. */
export function truncate(text: string, columns: number, mark = '…'): string {
  if (displayWidth(text) <= columns) return text;
  const room = columns - displayWidth(mark);
  let width = 0;
  let kept = '';
  for (const character of text) {
    width += displayWidth(character);
    if (width > room) break;
    kept += character;
  }
  return room < 0 ? '' : kept + mark;
}

/** Text of exactly `columns` columns: cut, or filled with spaces. */
export function toColumns(text: string, columns: number, mark?: string): string {
  const cut = truncate(text, columns, mark);
  return cut + ' '.repeat(Math.max(0, columns - displayWidth(cut)));
}
