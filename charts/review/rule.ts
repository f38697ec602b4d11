import type { Item, World } from './world.ts';

/** One thing that must be true of a cluster. docs/operations/checks.md is made from these. */
export interface Rule {
  /** As findings and documents call it. */
  readonly name: string;
  /** What must be true, in one sentence. */
  readonly says: string;
  /** What happens otherwise. */
  readonly why: string;
  /** Whether what it finds is for a person to weigh; of some rules, only in some clusters. @default false */
  readonly advice?: true | ((world: World) => boolean);
  readonly check: (world: World) => Iterable<Broken>;
}

/** A place where a rule does not hold. */
export interface Broken {
  readonly item: Item;
  /** Within the object; empty for all of it. */
  readonly at?: string;
  readonly message: string;
  readonly mend: string;
}
