import { compareFields, type FieldChange } from './fields.ts';
import type { Placed, Tree } from './tree.ts';

/** What becomes of one object in one cluster. */
export interface Change {
  readonly kind: 'added' | 'changed' | 'removed';
  readonly id: string;
  readonly cluster: string;
  readonly before?: Placed;
  readonly after?: Placed;
  /** Empty for what is added or removed, and for what only moves to another unit. */
  readonly fields: readonly FieldChange[];
}

/** Objects are paired by what the API server knows them by, wherever in the tree they are. */
export function compareTrees(before: Tree, after: Tree): Change[] {
  const old = new Map(before.map((placed) => [placed.key, placed]));
  const fresh = new Map(after.map((placed) => [placed.key, placed]));
  return [...new Set([...old.keys(), ...fresh.keys()])].flatMap((key) => {
    const change = toChange(old.get(key), fresh.get(key));
    return change === undefined ? [] : [change];
  });
}

function toChange(before: Placed | undefined, after: Placed | undefined): Change | undefined {
  if (before === undefined)
    return after === undefined
      ? undefined
      : { kind: 'added', id: after.id, cluster: after.cluster, after, fields: [] };
  const { id, cluster } = before;
  if (after === undefined) return { kind: 'removed', id, cluster, before, fields: [] };
  const fields = before.object === after.object ? [] : compareFields(before.object, after.object);
  if (fields.length === 0 && before.unit === after.unit) return undefined;
  return { kind: 'changed', id, cluster, before, after, fields };
}
