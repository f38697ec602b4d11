import { displayWidth, toColumns, toDisplay, truncate } from '../core/display/index.ts';
import type { Style, Terminal } from './terminal.ts';

export interface Cell {
  /** Any text: it is made safe to show here. */
  text: string;
  style?: Style | undefined;
}

export interface Column {
  title: string;
  /** Gives up its width first when the terminal is narrow. @default false */
  shrinks?: boolean;
}

const gap = 2;
const narrowest = 6;

/** Rows under their titles, aligned by what a terminal shows, each at most as wide as it. */
export function toTable(
  columns: readonly Column[],
  rows: readonly (readonly (Cell | string)[])[],
  terminal: Terminal,
): string {
  const cells = rows.map((row) => row.map((cell) => toSafe(cell, terminal)));
  const natural = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((row) => displayWidth(row[at]?.text ?? ''))),
  );
  const widths = toWidths(columns, natural, terminal.columns);
  const header = columns.map(({ title }): Cell => ({ text: title, style: 'dim' }));
  return [header, ...cells].map((row) => `${toLine(row, widths, terminal)}\n`).join('');
}

/** One line of text that somebody else chose, as this terminal can show it. */
export function toText(text: string, terminal: Terminal): string {
  const shown = toDisplay(text);
  return terminal.unicode ? shown : shown.replace(/[^\x20-\x7e]/gu, '?');
}

function toSafe(cell: Cell | string, terminal: Terminal): Cell {
  const { text, style } = typeof cell === 'string' ? { text: cell, style: undefined } : cell;
  return { text: toText(text, terminal), style };
}

function toWidths(columns: readonly Column[], natural: readonly number[], room: number): number[] {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + gap * (columns.length - 1) - room;
  // The widest of those that may shrink gives first.
  while (excess > 0) {
    const candidates = widths.map((width, at) => (columns[at]?.shrinks === true ? width : 0));
    const widest = Math.max(...candidates);
    if (widest <= narrowest) break;
    widths[candidates.indexOf(widest)] = widest - 1;
    excess -= 1;
  }
  return widths;
}

function toLine(cells: readonly Cell[], widths: readonly number[], terminal: Terminal): string {
  const mark = terminal.unicode ? '…' : '~';
  let room = terminal.columns;
  const parts: string[] = [];
  for (const [at, { text, style }] of cells.entries()) {
    const width = Math.min(widths[at] ?? 0, room);
    if (width <= 0) break;
    const last = at === cells.length - 1;
    const shown = last ? truncate(text, width, mark) : toColumns(text, width, mark);
    parts.push(style === undefined ? shown : terminal.style(shown, style));
    room -= width + gap;
  }
  return parts.join(' '.repeat(gap)).trimEnd();
}
