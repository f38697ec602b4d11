import { type Line, span, toBar } from './line.ts';
import type { Look } from './look.ts';
import { type State, toSelectedRow } from './state.ts';
import { styles } from './style.ts';

export interface List {
  heading: string;
  /** Without the mark of selection; undefined: the api has not said yet. */
  rows: readonly Line[] | undefined;
  /** Said where there is no row. */
  none: string;
}

/** The page of a list that the selected row is on: `height` rows with the heading. */
export function toList(state: State, height: number, look: Look, { heading, rows, none }: List): Line[] {
  const head: Line = [span(heading, styles.dim)];
  if (rows === undefined) return [head, [], [span('  Asking.')]];
  if (rows.length === 0) return [head, [], [span(`  ${none}`)]];
  const room = Math.max(1, height - 1);
  const row = Math.min(toSelectedRow(state), rows.length - 1);
  // A page at a time: a list that shifts with each key costs a slow line the whole screen.
  const first = Math.floor(row / room) * room;
  return [
    head,
    ...rows.slice(first, first + room).map((line, index) => {
      const selected = first + index === row;
      const marked = [span(selected ? `${look.selected} ` : '  ', styles.strong), ...line];
      return selected ? toBar(marked, state.size.columns, { inverse: true }) : marked;
    }),
  ];
}
