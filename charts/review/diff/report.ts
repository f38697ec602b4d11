import type { Waiver } from '../../settings/waiver.ts';
import { type CapacityChange, compareCapacity, type MachinesOf } from './capacity.ts';
import { type Danger, type Edit, judge } from './judge.ts';
import type { Tree } from './tree.ts';
import { waive } from './waivers.ts';

/** All that is said of a difference; `--json` prints it as it is. */
export interface Report {
  /** What it was compared with, as it was given. */
  readonly base: string;
  readonly clusters: readonly string[];
  /** What blocks and is not waived first. */
  readonly dangers: readonly Danger[];
  readonly edits: readonly Edit[];
  readonly capacity: readonly CapacityChange[];
  /** What is wrong with the waivers. */
  readonly notes: readonly string[];
  /** Whether something blocks that nobody has answered for. */
  readonly blocked: boolean;
}

/** @param today `2026-01-31` */
export function toReport(
  base: string,
  before: Tree,
  after: Tree,
  waivers: readonly Waiver[],
  today: string,
  machinesOf?: MachinesOf,
): Report {
  const { dangers: found, edits } = judge(before, after);
  const { dangers, notes } = waive(found, waivers, today);
  return {
    base,
    clusters: [...new Set([...before, ...after].map(({ cluster }) => cluster))].sort(),
    dangers,
    edits,
    capacity: compareCapacity(before, after, machinesOf),
    notes,
    blocked: dangers.some(isBlocking),
  };
}

export function isBlocking({ level, waiver }: Danger): boolean {
  return level === 'block' && waiver === undefined;
}
