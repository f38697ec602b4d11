import type { Danger, Edit } from './judge.ts';
import { isBlocking, type Report } from './report.ts';
import { sayClusters, sayVerdict, toCapacityRows, toFieldLines } from './words.ts';

/** By which the comment of a pull request is found again. */
export const marker = '<!-- bellows diff -->';

/** GitHub takes 65,536 characters; some are kept for what stands around. */
const longest = 60_000;

/** For a pull request: at most as long as a forge takes, the dangerous first. */
export function toMarkdown(report: Report): string {
  const { dangers, edits, capacity, notes, clusters } = report;
  const head = [
    marker,
    `### ${toPlain(sayVerdict(report))}`,
    ...table('Blocked', dangers.filter(isBlocking), clusters),
    ...table(
      'Look at',
      dangers.filter((danger) => !isBlocking(danger)),
      clusters,
    ),
    ...(capacity.length === 0
      ? []
      : [
          '',
          '| needs | | cores | memory | disk | of the machines |',
          '|---|---|---|---|---|---|',
          ...capacity.flatMap((change) =>
            toCapacityRows(change).map((row) => toRow([change.cluster, ...row])),
          ),
        ]),
    ...notes.map((note) => `\n> ${toPlain(note)}`),
    '',
  ].join('\n');
  let [text, shown] = [head.slice(0, longest), 0];
  for (const edit of edits) {
    const block = toDetails(edit, clusters);
    if (text.length + block.length > longest) break;
    text += block;
    shown += 1;
  }
  const left = edits.length - shown;
  return left === 0 ? text : `${text}\n${left} more: \`./bellows diff ${report.base}\` shows them.\n`;
}

function table(title: string, dangers: readonly Danger[], all: readonly string[]): string[] {
  if (dangers.length === 0) return [];
  const rows = dangers.map(({ rule, object, clusters, at, message, mend, waiver }) =>
    toRow([
      rule,
      `${object}${at === '' ? '' : ` ${at}`} ${message}`,
      sayClusters(clusters, all),
      waiver === undefined ? mend : `waived until ${waiver.until}: ${waiver.because}`,
    ]),
  );
  return ['', `| ${title} | | | |`, '|---|---|---|---|', ...rows];
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.map(toPlain).join(' | ')} |`;
}

const signs = { removed: '➖', changed: '✏️', added: '➕' } as const;

function toDetails({ kind, object, clusters, unit, fields }: Edit, all: readonly string[]): string {
  const title = `${signs[kind]} ${toPlain(object)} (${toPlain(unit)}; ${toPlain(sayClusters(clusters, all))})`;
  if (fields.length === 0) return `\n${title}\n`;
  const lines = fields.flatMap(toFieldLines).map(({ sign, text }) => `${sign} ${text}`);
  const fence = '`'.repeat(
    Math.max(3, ...lines.flatMap((line) => line.match(/`+/g) ?? []).map((run) => run.length + 1)),
  );
  return `\n<details><summary>${title}</summary>\n\n${fence}diff\n${lines.join('\n')}\n${fence}\n\n</details>\n`;
}

/** Text of others as text: no markup, no mention of people, no way out of a table. */
function toPlain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('@', '&#64;')
    .replace(/[\\`*_{}[\]()#|~]/g, '\\$&')
    .replace(/\s+/g, ' ');
}
