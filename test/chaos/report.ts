import type { Elsewhere, Fault } from './fault.ts';
import type { RoundResult } from './round.ts';

export interface Row {
  fault: Fault;
  injected: number;
  /** Rounds that it was part of, and those where a promise was broken. */
  rounds: number;
  broken: number;
  /** The longest that it took until all had ended. */
  recoveryMs: number;
}

export function toRows(catalogue: readonly Fault[], results: readonly RoundResult[]): Row[] {
  return catalogue.map((fault) => {
    const own = results.flatMap((result) => {
      const at = result.plan.faults.indexOf(fault);
      const injected = result.injected[at] ?? 0;
      // A round that broke before its end tells nothing of its faults but that.
      return at >= 0 && (injected > 0 || result.wrong.length > 0) ? [{ result, injected }] : [];
    });
    return {
      fault,
      injected: own.reduce((sum, { injected }) => sum + injected, 0),
      rounds: own.length,
      broken: own.filter(({ result }) => result.wrong.length > 0).length,
      recoveryMs: Math.max(0, ...own.map(({ result }) => result.recoveryMs)),
    };
  });
}

/** A line for each fault: how often, whether its hypothesis held, how long until all was well. */
export function toTable(
  rows: readonly Row[],
  skipped: readonly Fault[],
  others: readonly Elsewhere[],
): string {
  const lines = rows.map(({ fault, injected, broken, recoveryMs }) => {
    const mark = broken > 0 ? '✗' : injected === 0 ? '·' : '✓';
    const recovery = injected === 0 ? '' : `${(recoveryMs / 1000).toFixed(2)} s`;
    return `${mark} ${String(fault.number).padStart(2)} ${String(injected).padStart(6)} ${recovery.padStart(9)}  ${fault.title}`;
  });
  for (const { number, title, needs } of skipped)
    lines.push(`- ${String(number).padStart(2)} skipped: no ${needs} here  ${title}`);
  for (const { number, title, why, tests = [] } of others)
    lines.push(
      `- ${number} ${why === undefined ? 'in npm test' : 'not here'}: ${title} (${why ?? toFiles(tests)})`,
    );
  return ['   no  faults  recovery  hypothesis', ...lines, ''].join('\n');
}

/** What broke in one round, and how to play it alone. */
export function toFailure({ plan, wrong, injected }: RoundResult, command: string, trace: string): string {
  const faults = plan.faults.map(({ number, title }, n) => `  ${number} × ${injected[n]}: ${title}`);
  return [
    `✗ round ${plan.round}, with ${plan.load} pushes beside`,
    ...faults,
    ...wrong.slice(0, 20).map((line) => `    ${line}`),
    `  all that was seen: ${trace}`,
    `  again: ${command} --seed ${plan.seed} --round ${plan.round}`,
    '',
  ].join('\n');
}

function toFiles(tests: NonNullable<Elsewhere['tests']>): string {
  return [...new Set(tests.map(([file]) => file))].join(', ');
}
