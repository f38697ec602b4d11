import type { Change } from './changes.ts';
import type { Tree } from './tree.ts';

/** One cluster, as it is and as it will be. */
export interface View {
  readonly cluster: string;
  readonly before: Tree;
  readonly after: Tree;
  readonly changes: readonly Change[];
}

/** Something that a change does beyond what it says. */
export interface Hazard {
  readonly change: Change;
  /** Within the object; empty for all of it. */
  readonly at: string;
  readonly message: string;
  /** What to do instead. */
  readonly mend: string;
  /** @default the rule's own */
  readonly level?: Level;
}

/** `block` is refused until it is mended or waived; `look` is for a person to weigh. */
export type Level = 'block' | 'look';

/** What must not happen unseen. docs/operations/diff.md is made from these. */
export interface DiffRule {
  readonly name: string;
  readonly level: Level;
  /** What it notices, in one sentence. */
  readonly says: string;
  /** What happens otherwise. */
  readonly why: string;
  readonly check: (view: View) => Iterable<Hazard>;
}
