import { show } from '../diff/words.ts';
import type { Explanation, Setting } from './explain.ts';
import type { Relation } from './relations.ts';

/** For people. @param file how the platform file is called */
export function toText(explanations: readonly Explanation[], file: string): string {
  return explanations
    .map(({ object, cluster, file: path, construct, source, settings, names, namedBy }) =>
      [
        `${object} in ${cluster}`,
        `  file       ${path}`,
        `  construct  ${construct}`,
        `  source     ${source ?? 'unknown'}`,
        ...section(
          'settings',
          settings.map((setting) => sayTo(setting, file)),
        ),
        ...section('names', names.map(say)),
        ...section('named by', namedBy.map(say)),
        '',
      ].join('\n'),
    )
    .join('\n');
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [`  ${title.padEnd(9)}  nothing`];
  return lines.map((line, i) => `  ${(i === 0 ? title : '').padEnd(9)}  ${line}`);
}

function sayTo({ path, value, line, makes }: Setting, file: string): string {
  const of = typeof value === 'object' && value !== null ? '' : ` = ${show(value)}`;
  const where = line === undefined ? 'default' : `${file}:${line}`;
  return `${path}${of} (${where})${makes ? ', or it is not there' : ''}`;
}

const say = ({ id, at }: Relation) => `${id} (${at})`;
