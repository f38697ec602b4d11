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

/** Every way to break one line of Lua: a statement left out, a comparison turned, an off-by-one. */
export function toMutants(texts: readonly string[]): Mutant[] {
  const lines = new Set(texts.flatMap((text) => text.split('\n')));
  return [...lines].flatMap((line) => (line.trim() === '' || /^\s*(--|#!)/.test(line) ? [] : mutate(line)));
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
