import { type Line, wrap } from './line.ts';
import type { LogLines } from './log-lines.ts';

export interface LogWindow {
  /** What the screen shows, from the top. */
  readonly rows: Line[];
  /** Number of the first line that is shown. */
  readonly top: number;
  /** The end is shown. */
  readonly atEnd: boolean;
}

/** The part of a log that fills `height` rows: from line number `top` on, or its end. */
export function toLogWindow(
  log: LogLines,
  { columns, height }: { columns: number; height: number },
  top: number | undefined,
): LogWindow {
  const end = toEnd(log, columns, height);
  const first = Math.max(log.dropped, Math.min(top ?? end, end));
  const rows: Line[] = [];
  for (let at = first - log.dropped; at < log.lines.length && rows.length < height + columns; at++) {
    rows.push(...wrap(log.lines[at] ?? [], columns));
    if (first < end && rows.length >= height) break;
  }
  const atEnd = first >= end;
  return { rows: atEnd ? rows.slice(-height) : rows.slice(0, height), top: first, atEnd };
}

/** Number of the line from which on the rest fits the screen; a single line that does not is shown by its end. */
function toEnd(log: LogLines, columns: number, height: number): number {
  let rows = 0;
  let at = log.lines.length;
  while (at > 0 && rows < height) {
    rows += wrap(log.lines[at - 1] ?? [], columns).length;
    at--;
  }
  if (rows > height && at < log.lines.length - 1) at++;
  return log.dropped + at;
}
