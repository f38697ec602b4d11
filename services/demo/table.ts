import { displayWidth, toColumns, toDisplay } from '../core/display/index.ts';
import type { Claim, Report } from './report.ts';
import type { Quantiles, Times } from './times.ts';

export interface Look {
  /** Columns of the terminal. */
  width: number;
  /** Colours a piece of text, or leaves it as it is. */
  paint: (colour: 'green' | 'red' | 'dim' | 'bold', text: string) => string;
}

/** The whole report, as people read it. Ends without a line break. */
export function toTable(report: Report, look: Look): string {
  return [
    ...toClaims(report.claims, look),
    ...(report.times === undefined ? [] : ['', ...toTimeLines(report.times, look)]),
    '',
    toVerdict(report, look),
    ...(report.kept === undefined ? [] : [look.paint('dim', `kept: ${report.kept}`)]),
  ].join('\n');
}

function toClaims(claims: readonly Claim[], { width, paint }: Look): string[] {
  const title = Math.max(...claims.map((claim) => displayWidth(claim.title)), 0);
  const room = Math.max(width - title - 8, 40);
  const must = Math.floor(room * 0.45);
  const columns = [title, must, room - must];
  const head = toRows(['', 'what must be true', 'what was seen'], columns);
  return [
    ...head.map((line) => paint('bold', `  ${line}`)),
    ...claims.flatMap((claim) =>
      toRows([claim.title, claim.must, toDisplay(claim.seen)], columns).map((line, n) => {
        const mark = n > 0 ? ' ' : claim.ok ? paint('green', '✓') : paint('red', '✗');
        return `${mark} ${line}`;
      }),
    ),
  ];
}

/** One row, as many lines as its longest cell takes. */
function toRows(cells: readonly string[], columns: readonly number[]): string[] {
  const wrapped = cells.map((cell, n) => toLines(cell, columns[n] ?? 0));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, n) =>
    wrapped
      .map((lines, column) => toColumns(lines[n] ?? '', columns[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function toLines(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (displayWidth(last) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function toTimeLines(times: Times, { paint }: Look): string[] {
  const row = (name: string, { p50, p95 }: Quantiles, what: string) =>
    `  ${name.padEnd(12)}${toMs(p50)}${toMs(p95)}  ${what}`;
  return [
    paint('bold', `  ${'time, ms'.padEnd(12)}${'p50'.padStart(7)}${'p95'.padStart(7)}  ${times.runs} runs`),
    ...times.split.map(({ name, quantiles, what }) => row(name, quantiles, what)),
    paint('bold', row('first line', times.line, 'git push starts → first log line (goal: p50 ≤ 450)')),
    row('finished', times.total, 'git push starts → finished'),
    ...times.floor.map(({ name, quantiles, what }) => paint('dim', row(name, quantiles, what))),
    paint(
      'bold',
      `  ${'ratio'.padEnd(12)}${times.ratio.toFixed(2).padStart(7)}${''.padEnd(7)}  first line ÷ floor (goal: ≤ 1.40)`,
    ),
  ];
}

function toMs(ms: number): string {
  return (Number.isNaN(ms) ? '–' : Math.round(ms).toString()).padStart(7);
}

function toVerdict({ claims, ledger, ok, seconds }: Report, { paint }: Look): string {
  const count = claims.filter((claim) => claim.ok).length;
  const books =
    ledger === undefined
      ? ''
      : ` ${ledger.accepted} accepted, ${ledger.finished} finished exactly once, ${ledger.lost.length} lost, ${ledger.doubled.length} doubled.`;
  const text = `${count} of ${claims.length} true.${books} ${seconds.toFixed(0)} s.`;
  return paint(ok ? 'green' : 'red', text);
}
