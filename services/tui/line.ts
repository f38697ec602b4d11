import { displayWidth, truncate } from '../core/display/index.ts';
import { type Style, styles } from './style.ts';

export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** One row of the screen, or one line of a log: text that is safe to show, and how it looks. */
export type Line = readonly Span[];

export const emptyLine: Line = [];

export function span(text: string, style: Style = styles.plain): Span {
  return { text, style };
}

export function lineWidth(line: Line): number {
  return line.reduce((width, { text }) => width + displayWidth(text), 0);
}

/** The line in one look, over the whole row. */
export function toBar(line: Line, columns: number, style: Style): Line {
  const rest = Math.max(0, columns - lineWidth(line));
  return [...line, span(' '.repeat(rest))].map((part) => ({ ...part, style: { ...part.style, ...style } }));
}

/** `left`, and at the row's end `right`; where both have no room `left` is cut. */
export function toSides(left: Line, right: Line, columns: number, mark: string): Line {
  const room = Math.max(0, columns - lineWidth(right) - 1);
  return [...cut(left, room, mark), span(' '.repeat(Math.max(0, room - lineWidth(left)) + 1)), ...right];
}

export function cut(line: Line, columns: number, mark: string): Line {
  let room = columns;
  const kept: Span[] = [];
  for (const [index, { text, style }] of line.entries()) {
    const width = displayWidth(text);
    const last = width > room || (width === room && lineWidth(line.slice(index + 1)) > 0);
    kept.push({ text: last ? truncate(`${text}${mark}`, room, mark) : text, style });
    if (last) break;
    room -= width;
  }
  return kept;
}

/** The rows that a line takes when it is broken at the edge of the screen; at least one. */
export function wrap(line: Line, columns: number): Line[] {
  const rows: Span[][] = [[]];
  let room = columns;
  for (const { text, style } of line) {
    if (displayWidth(text) <= room) {
      rows.at(-1)?.push({ text, style });
      room -= displayWidth(text);
      continue;
    }
    let piece = '';
    for (const character of text) {
      const width = displayWidth(character);
      if (width > room) {
        rows.at(-1)?.push({ text: piece, style });
        rows.push([]);
        piece = '';
        room = columns;
      }
      piece += character;
      room -= width;
    }
    rows.at(-1)?.push({ text: piece, style });
  }
  return rows;
}
