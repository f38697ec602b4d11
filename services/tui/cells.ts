import { displayWidth } from '../core/display/index.ts';
import type { Line } from './line.ts';
import { type Style, styles } from './style.ts';

/** One column of one row. The second column of a wide character holds no text. */
export interface Cell {
  text: string;
  style: Style;
}

/** Marks that may pile up on one letter. */
const mostMarks = 4;

/** A line as exactly `columns` cells; in ASCII what cannot be shown is a `?` for each column. */
export function toCells(line: Line, columns: number, ascii: boolean): Cell[] {
  const cells: Cell[] = [];
  for (const { text, style } of line) {
    for (const character of text) {
      const width = displayWidth(character);
      if (width === 0) {
        mark(
          cells.findLast((cell) => cell.text !== ''),
          character,
          ascii,
        );
        continue;
      }
      if (cells.length + width > columns) return fill(cells, columns);
      const plain = !ascii || character <= '~';
      cells.push({ text: plain ? character : '?', style });
      if (width === 2) cells.push({ text: plain ? '' : '?', style });
    }
  }
  return fill(cells, columns);
}

function mark(cell: Cell | undefined, character: string, ascii: boolean): void {
  if (cell !== undefined && !ascii && cell.text.length <= mostMarks) cell.text += character;
}

function fill(cells: Cell[], columns: number): Cell[] {
  while (cells.length < columns) cells.push({ text: ' ', style: styles.plain });
  return cells;
}
