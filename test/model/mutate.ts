export interface Mutant {
  /** The first script that has the line. */
  script: string;
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
 * Mutants that the model test cannot notice, and why: part of what the line becomes, or `without` and part of a line
 * that is left out → the reason. The rest of those that live are gaps.
 */
export const listed: ReadonlyMap<string, string> = new Map([
  ['if attempt >= 1', 'equivalent: deletes steps that are not there'],
  ['sequence(job) <= tonumber', 'equivalent: no two jobs have the same sequence'],
  ['order[a] <= order[b]', 'equivalent: no two jobs have the same sequence'],
  ["'EXISTS', unpack(looked)) >= 0", 'equivalent: only leaves out a short cut'],
  ['4 * i)) >= 0', 'equivalent: only leaves out a short cut'],
  ['made[request.pipeline] and made', 'lifecycle.test.ts: of pushes that come together'],
  ["if jobs == '1' then add", 'equivalent: gathers one job, and writes many one by one'],
  ['if put ~= call then return', 'equivalent: the same number by another command'],
  ['if #newer >= 0', 'equivalent: makes functions that nobody calls'],
  ['or finished == 0', 'equivalent: only leaves out a short cut'],
  ['#jobs >= most and', 'equivalent: only leaves out a short cut'],
  ['if not job and job.state ~=', 'rerun.test.ts: of two who decide at the same time'],
  ['job.class - class + 0', 'order.test.ts: the model knows no time'],
  ["without call('HSET', 'ci:{q}:tick', field", 'order.test.ts: of more than a tick looks at'],
  ["without call('HDEL', 'ci:{q}:tick', field", 'order.test.ts: of more than a tick looks at'],
  ["elseif from == '-'", 'order.test.ts: of more than a tick looks at'],
  ['if gap >= tonumber', 'equivalent but for one millisecond'],
  ['if gap <= 0 then shift', 'equivalent: shifts by 0'],
  ['if last >= 0', 'lifecycle.test.ts: of the first tick only'],
  ['if rest >= 0', 'equivalent but for one millisecond'],
  ['ARGV[6] <= now', 'equivalent but for one millisecond'],
  ['ARGV[3] >= now', 'equivalent but for one millisecond'],
  ['job.queued <= ARGV[4]', 'equivalent but for one millisecond'],
  ['if taken >= 0 and taken', 'hour.test.ts: the model asks for pipelines that an hour has room for'],
  ['if most or jobs == 0', 'hour.test.ts: of jobs that an agent adds'],
  ["without call('PEXPIREAT', key", 'hour.test.ts: of what stays when the hours are over'],
  ['if isOlder[to] ~= nil', 'lane.test.ts: the model has no lanes'],
  ['[after] and false', 'lane.test.ts: the model has no lanes'],
  ['a.seq >= b.seq', 'equivalent: no two jobs have the same sequence'],
  ["math.min(now, tonumber(call('HGET', 'ci:{q}:tick'", 'lifecycle.test.ts: of a clock that was set back'],
  ["'ci:{q}:tick', 'at') and 0))", 'lifecycle.test.ts: of a clock that was set back'],
  ['(finished or finished + ARGV[3]', 'heads.test.ts: the model knows no time'],
  ['job.reason or { reason', 'equivalent: an empty object more in the event'],
]);

/** Every way to break one line of Lua: a statement left out, a comparison turned, an off-by-one. */
export function toMutants(scripts: readonly { name: string; text: string }[]) {
  const seen = new Set<string>();
  const all: Mutant[] = [];
  for (const { name, text } of scripts)
    for (const line of text.split('\n')) {
      if (seen.has(line) || /^\s*(--|#!|$)/.test(line)) continue;
      seen.add(line);
      all.push(...mutate(line).map((becomes) => ({ script: name, line, becomes })));
    }
  const isListed = ({ line, becomes }: Mutant) =>
    [...listed.keys()].some((part) =>
      part.startsWith('without ') ? becomes === '' && line.includes(part.slice(8)) : becomes.includes(part),
    );
  return { mutants: all.filter((mutant) => !isListed(mutant)), equivalent: all.filter(isListed) };
}

/** The line that one place is broken in, for each place. */
function mutate(line: string): string[] {
  const found: string[] = [];
  const statement =
    /^\s+(call|add|emit|count|explain|release|leave|settle_dependents|place|rank|pass|rise|dispatch|finish|lose|admitted|note_admitted|move_head|forget)\(.*\)$/;
  if (statement.test(line)) found.push('');
  for (const [token, other] of swaps)
    for (const match of line.matchAll(token))
      found.push(line.slice(0, match.index) + other + line.slice(match.index + match[0].length));
  return found;
}
