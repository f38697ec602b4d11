import { styleText } from 'node:util';
import type { Danger, Edit } from './judge.ts';
import { isBlocking, type Report } from './report.ts';
import { sayClusters, sayVerdict, toCapacityRows, toFieldLines } from './words.ts';

type Paint = (style: 'red' | 'green' | 'yellow' | 'bold' | 'dim', text: string) => string;

/** For a terminal. @param colours whether to use any */
export function toText(report: Report, colours: boolean): string {
  const paint: Paint = (style, text) => (colours ? styleText(style, text, { validateStream: false }) : text);
  const { dangers, edits, capacity, notes, clusters } = report;
  const blocking = dangers.filter(isBlocking);
  const others = dangers.filter((danger) => !isBlocking(danger));
  return [
    paint('bold', sayVerdict(report)),
    ...section(
      paint('red', 'Blocked'),
      blocking.flatMap((danger) => toDangerLines(danger, clusters, paint, 'red')),
    ),
    ...section(
      paint('yellow', 'Look at'),
      others.flatMap((danger) => toDangerLines(danger, clusters, paint, 'yellow')),
    ),
    ...section(
      'Changes',
      edits.flatMap((edit) => toEditLines(edit, clusters, paint)),
    ),
    ...section(
      'Needs',
      capacity.flatMap((change) =>
        toCapacityRows(change).map((row) => `${change.cluster} ${row.join('  ')}`.trimEnd()),
      ),
    ),
    ...section('Waivers', notes),
    '',
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];
}

function toDangerLines(
  danger: Danger,
  all: readonly string[],
  paint: Paint,
  style: 'red' | 'yellow',
): string[] {
  const { rule, object, clusters, at, message, mend, waiver } = danger;
  const where = paint('dim', `(${sayClusters(clusters, all)})`);
  return [
    `${paint(style, rule)}  ${paint('bold', object)}${at === '' ? '' : ` ${at}`} ${message} ${where}`,
    waiver === undefined
      ? paint('dim', `    ${mend}`)
      : `    waived until ${waiver.until}: ${waiver.because}`,
  ];
}

const signs = { removed: '-', changed: '~', added: '+' } as const;

function toEditLines(
  { kind, object, clusters, unit, fields }: Edit,
  all: readonly string[],
  paint: Paint,
): string[] {
  return [
    `${signs[kind]} ${object} ${paint('dim', `(${unit}; ${sayClusters(clusters, all)})`)}`,
    ...fields
      .flatMap(toFieldLines)
      .map(({ sign, text }) => paint(sign === '-' ? 'red' : 'green', `    ${sign} ${text}`)),
  ];
}
