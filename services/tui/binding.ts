import type { Command, Mode, State } from './state.ts';

export interface Reaction {
  readonly state: State;
  readonly command?: Command;
}

/** One row: what a key does, where, how the footer and the help name it, and when it is refused. */
export interface Binding {
  /** Names as `screen.ts` gives them. */
  readonly keys: readonly string[];
  /** The keys as a person reads them. */
  readonly label: string;
  /** One word for the footer; without it only the help names the key. */
  readonly word?: string;
  readonly help: string;
  readonly modes: readonly Mode[];
  /** Why not now. */
  refuse?(state: State): string | undefined;
  run(state: State): Reaction;
}
