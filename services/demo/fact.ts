/** One thing that a stage looked at: how it was, and whether it should have been so. */
export interface Fact {
  text: string;
  ok: boolean;
}

/** What a stage saw, for the table. */
export interface Seen {
  seen: string;
  ok: boolean;
}

export function fact(text: string, ok: boolean): Fact {
  return { text, ok };
}

/** All facts in one line; those that should have been otherwise are marked. */
export function toSeen(...facts: readonly Fact[]): Seen {
  return {
    seen: facts.map(({ text, ok }) => (ok ? text : `✗ ${text}`)).join(', '),
    ok: facts.every(({ ok }) => ok),
  };
}
