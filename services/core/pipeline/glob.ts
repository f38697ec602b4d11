/**
 * Globs as Woodpecker's `when` knows them: `?` and `*` stop at `/`; `**` as a whole part of a path
 * stands for any number of parts, none included; `[a-z]`, `[^a-z]`; `{a,b}`; `\` takes the next
 * character as it is.
 *
 * Matching walks all possible places at once, so its time is the product of both lengths for any pattern.
 */
export type Glob = readonly (readonly Token[])[];

type Token =
  | { kind: 'one'; matches: (character: string) => boolean }
  /** Any run, `/` included only where `slash` is true. */
  | { kind: 'run'; slash: boolean }
  /** A doublestar before a slash: nothing, or whole parts and their slash. */
  | { kind: 'parts' }
  /** A slash and a doublestar at the end: nothing, or a slash and anything. */
  | { kind: 'rest' };

export class GlobError extends Error {
  override name = 'GlobError';
}

const maxAlternatives = 64;
const maxLength = 1000;

/**
 * @param options.slashes false where a slash is a character like any other, as in the shell's `${X##*x}`.
 * @throws GlobError saying what is wrong with the pattern.
 */
export function parseGlob(pattern: string, { slashes = true } = {}): Glob {
  if (pattern.length > maxLength) throw new GlobError(`is longer than ${maxLength} characters`);
  if (!slashes) return [toTokens(pattern, false)];
  return toAlternatives(pattern, 0).map((one) => toTokens(one, true));
}

export function matchesGlob(glob: Glob, text: string): boolean {
  return glob.some((tokens) => matches(tokens, text));
}

function matches(tokens: readonly Token[], text: string): boolean {
  let places = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    for (const place of places) advance(token, text, place, next);
    if (next.size === 0) return false;
    places = next;
  }
  return places.has(text.length);
}

function advance(token: Token, text: string, from: number, next: Set<number>): void {
  if (token.kind === 'one') {
    if (from < text.length && token.matches(text.charAt(from))) next.add(from + 1);
    return;
  }
  if (token.kind === 'rest') {
    if (from === text.length || text[from] === '/') next.add(text.length);
    return;
  }
  next.add(from);
  for (let to = from + 1; to <= text.length; to += 1) {
    const last = text[to - 1];
    if (token.kind === 'parts') {
      if (last === '/') next.add(to);
    } else if (last === '/' && !token.slash) return;
    else if (next.has(to))
      return; // and so is all that follows it
    else next.add(to);
  }
}

function toTokens(pattern: string, slashes: boolean): Token[] {
  const tokens: Token[] = [];
  let i = 0;
  while (i < pattern.length) {
    const character = pattern.charAt(i);
    const startsPart = i === 0 || pattern[i - 1] === '/';
    if (slashes && character === '/' && pattern.slice(i) === '/**') {
      tokens.push({ kind: 'rest' });
      i += 3;
    } else if (slashes && startsPart && pattern.startsWith('**/', i)) {
      tokens.push({ kind: 'parts' });
      i += 3;
    } else if (character === '*') {
      tokens.push({ kind: 'run', slash: !slashes || (startsPart && pattern.slice(i) === '**') });
      while (pattern[i] === '*') i += 1;
    } else if (character === '?') {
      tokens.push({ kind: 'one', matches: (given) => given !== '/' || !slashes });
      i += 1;
    } else if (character === '[') {
      const { token, end } = toClass(pattern, i);
      tokens.push(token);
      i = end;
    } else {
      if (character === '\\') i += 1;
      if (i >= pattern.length) throw new GlobError('ends with a lone backslash');
      const wanted = pattern.charAt(i);
      tokens.push({ kind: 'one', matches: (given) => given === wanted });
      i += 1;
    }
  }
  return tokens;
}

function toClass(pattern: string, start: number): { token: Token; end: number } {
  const negated = pattern[start + 1] === '^' || pattern[start + 1] === '!';
  const ranges: [string, string][] = [];
  let i = start + (negated ? 2 : 1);
  const take = (): string => {
    if (pattern[i] === '\\') i += 1;
    const character = pattern[i];
    if (character === undefined) throw new GlobError('has a [ without its ]');
    i += 1;
    return character;
  };
  do {
    const first = take();
    if (pattern[i] === '-' && pattern[i + 1] !== ']') {
      i += 1;
      ranges.push([first, take()]);
    } else ranges.push([first, first]);
  } while (pattern[i] !== ']');
  const isListed = (given: string) => ranges.some(([low, high]) => low <= given && given <= high);
  return {
    token: { kind: 'one', matches: (given) => isListed(given) !== negated },
    end: i + 1,
  };
}

/** `a{b,c}d` is `abd` or `acd`. */
function toAlternatives(pattern: string, from: number): string[] {
  const open = findUnescaped(pattern, '{', from);
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let i = open; i < pattern.length; i += 1) {
    const character = pattern[i];
    if (character === '\\') i += 1;
    else if (character === '{') depth += 1;
    else if (character === ',' && depth === 1) {
      parts.push(pattern.slice(start, i));
      start = i + 1;
    } else if (character === '}') {
      depth -= 1;
      if (depth > 0) continue;
      parts.push(pattern.slice(start, i));
      const [before, after] = [pattern.slice(0, open), pattern.slice(i + 1)];
      const all: string[] = [];
      for (const part of parts) {
        all.push(...toAlternatives(before + part + after, open));
        if (all.length > maxAlternatives)
          throw new GlobError(`stands for more than ${maxAlternatives} patterns`);
      }
      return all;
    }
  }
  throw new GlobError('has a { without its }');
}

function findUnescaped(text: string, wanted: string, from: number): number {
  for (let i = from; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === wanted) return i;
  }
  return -1;
}
