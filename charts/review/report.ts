import { type Finding, toLine } from './finding.ts';

/** What `./bellows check` prints, and how it ends. */
export interface Report {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

export function toReport(
  findings: readonly Finding[],
  objects: number,
  rules: number,
  json: boolean,
): Report {
  const errors = findings.filter(({ level }) => level === 'error').length;
  const exitCode = errors === 0 ? 0 : 1;
  if (json)
    return { stdout: `${JSON.stringify({ findings, objects, rules }, null, 2)}\n`, stderr: '', exitCode };
  const advice = findings.length - errors;
  const found = [
    ...(errors === 0 ? [] : [count(errors, 'error')]),
    ...(advice === 0 ? [] : [`${advice} to weigh`]),
  ];
  return {
    stdout: findings.map((finding) => `${toLine(finding)}\n`).join(''),
    stderr: `${count(objects, 'object')}, ${count(rules, 'rule')}: ${found.length === 0 ? 'all is well' : found.join(', ')}\n`,
    exitCode,
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
