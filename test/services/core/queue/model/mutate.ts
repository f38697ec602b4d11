export interface Mutant {
  line: string;
  becomes: string;
}

/** A token, and what to put in its place; one place at a time. */
const swaps: readonly [RegExp, string][] = [
  [/ == /g, ' ~= '],
  [/ ~= /g, ' == '],
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ >= /g, ' > '],
  [/ \+ 1\b/g, ' + 0'],
  [/ and /g, ' or '],
  [/ or /g, ' and '],
  [/\bnot /g, ''],
  [/\bmath\.max\b/g, 'math.min'],
];

/**
 * Mutants that the model test cannot notice, and why: part of what the line becomes → the reason. The rest of
 * those that live are gaps.
 */
export const listed: ReadonlyMap<string, string> = new Map([
  ['if attempt >= 1', 'equivalent: deletes steps that are not there'],
  ['sequence(job) <= tonumber', 'equivalent: no two jobs have the same sequence'],
  ['order[a] <= order[b]', 'equivalent: no two jobs have the same sequence'],
  [
    'if request.epoch == 0',
    'equivalent: only leaves out a short cut, or takes it where the set of epochs is there',
  ],
  ['delivery or epochs) >= 0', 'equivalent: only leaves out a short cut'],
  ['if #ARGV >= 4', 'equivalent: gathers one job, too'],
  ['if unfinished + jobs >= most', 'equivalent: only leaves out a short cut'],
  ['job.pipeline) + 0', 'equivalent: equal places keep their order'],
  ['if gap >= tonumber', 'equivalent but for one millisecond'],
  ['if gap <= 0 then shift', 'equivalent: shifts by 0'],
  ['if last >= 0', 'lifecycle.test.ts: of the first tick only'],
  ['if rest >= 0', 'equivalent but for one millisecond'],
  ['ARGV[6] <= now', 'equivalent but for one millisecond'],
  ['ARGV[3] >= now', 'equivalent but for one millisecond'],
  ['job.queued <= ARGV[4]', 'equivalent but for one millisecond'],
  ['job.reason or { reason', 'equivalent: an empty object more in the event'],
]);

/** Every way to break one line of Lua: a statement left out, a comparison turned, an off-by-one. */
export function toMutants(texts: readonly string[]): Mutant[] {
  const lines = new Set(texts.flatMap((text) => text.split('\n')));
  const all = [...lines].flatMap((line) => (/^\s*(--|#!|$)/.test(line) ? [] : mutate(line)));
  return all.filter(({ becomes }) => ![...listed.keys()].some((part) => becomes.includes(part)));
}

function mutate(line: string): Mutant[] {
  const found: Mutant[] = [];
  if (
    /^\s+(call|emit|count|explain|release|leave|settle_dependents|place|rank|dispatch|finish|lose)\(.*\)$/.test(
      line,
    )
  ) {
    found.push({ line, becomes: '' });
  }
  for (const [token, other] of swaps) {
    for (const match of line.matchAll(token)) {
      found.push({
        line,
        becomes: line.slice(0, match.index) + other + line.slice(match.index + match[0].length),
      });
    }
  }
  return found;
}
