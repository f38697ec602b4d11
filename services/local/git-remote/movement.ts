/** A ref that a push has moved, and what its new commit says of itself. */
export interface Movement {
  ref: string;
  /** Zeros where the ref is new. */
  before: string;
  /** Zeros where the ref is gone; of an annotated tag, the tag object. */
  after: string;
  /** The commit that `after` names; absent where it names none. */
  commit?: { id: string; subject: string; author: string; email: string };
}

export function isZero(sha: string): boolean {
  return /^0+$/.test(sha);
}

/** Reads what the post-receive hook writes: one `moved` line for each ref, with its commit's lines after it. */
export function parseMovements(lines: readonly string[]): Movement[] {
  const movements: Movement[] = [];
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\w+) ?(.*)$/s.exec(line) ?? [];
    const last = movements.at(-1);
    if (word === 'moved') {
      const [, before, after, ref] = /^([0-9a-f]{40,64}) ([0-9a-f]{40,64}) (refs\/.+)$/.exec(rest) ?? [];
      if (before !== undefined && after !== undefined && ref !== undefined)
        movements.push({ before, after, ref });
    } else if (word === 'commit' && last !== undefined) {
      last.commit = { id: rest, subject: '', author: '', email: '' };
    } else if (last?.commit !== undefined && (word === 'author' || word === 'email' || word === 'subject')) {
      last.commit[word] = rest;
    }
  }
  return movements;
}
