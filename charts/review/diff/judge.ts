import type { Waiver } from '../../settings/waiver.ts';
import { compareText } from '../compare.ts';
import { type Change, compareTrees } from './changes.ts';
import { type FieldChange, toCanonical } from './fields.ts';
import type { DiffRule, Level } from './rule.ts';
import { widenedAccess } from './rules/access.ts';
import { crdShrinks } from './rules/crds.ts';
import { immutable } from './rules/immutable.ts';
import { openedNetwork } from './rules/network.ts';
import { moved, pruned, prunedState } from './rules/pruned.ts';
import { reinstalled, rollout } from './rules/rollout.ts';
import { selectorDrift } from './rules/selectors.ts';
import type { Tree } from './tree.ts';

/** In the order in which a person should hear of them. */
export const diffRules: readonly DiffRule[] = [
  prunedState,
  immutable,
  selectorDrift,
  crdShrinks,
  widenedAccess,
  openedNetwork,
  moved,
  pruned,
  reinstalled,
  rollout,
];

/** What a rule found, said once for all clusters in which it is the same. */
export interface Danger {
  readonly rule: string;
  readonly level: Level;
  /** `Deployment ci/api` */
  readonly object: string;
  readonly clusters: readonly string[];
  readonly at: string;
  readonly message: string;
  readonly mend: string;
  readonly waiver?: Waiver;
}

/** What becomes of an object, said once for all clusters in which it is the same. */
export interface Edit {
  readonly kind: Change['kind'];
  readonly object: string;
  readonly clusters: readonly string[];
  /** Where it is applied from now on, or was until now. */
  readonly unit: string;
  readonly fields: readonly FieldChange[];
}

export interface Verdict {
  /** By risk: what blocks, what a person should look at; then by name. */
  readonly dangers: readonly Danger[];
  /** What is dangerous first; then removed, changed, added; then by name. */
  readonly edits: readonly Edit[];
}

/** Compares two trees: what changes, and what that means. Pure. */
export function judge(before: Tree, after: Tree): Verdict {
  const [old, fresh] = [before, after].map((tree) => Map.groupBy(tree, ({ cluster }) => cluster));
  const clusters = [...new Set([...(old?.keys() ?? []), ...(fresh?.keys() ?? [])])].sort();
  const views = clusters.map((cluster) => {
    const [was, is] = [old?.get(cluster) ?? [], fresh?.get(cluster) ?? []];
    return { cluster, before: was, after: is, changes: compareTrees(was, is) };
  });
  const dangers = views.flatMap((view) =>
    diffRules.flatMap(({ name, level, check }) =>
      [...check(view)].map(
        ({ change, at, message, mend, level: own }): Danger => ({
          rule: name,
          level: own ?? level,
          object: change.id,
          clusters: [view.cluster],
          at,
          message,
          mend,
        }),
      ),
    ),
  );
  const edits = views.flatMap(({ changes }) => changes.map(toEdit));
  const joined = sortDangers(join(dangers));
  return { dangers: joined, edits: sortEdits(join(edits), joined) };
}

function toEdit({ kind, id, cluster, before, after, fields }: Change): Edit {
  return {
    kind,
    object: id,
    clusters: [cluster],
    unit: (after ?? before)?.unit ?? '',
    fields: fields.map(hide(id)),
  };
}

/** A Secret's values are nobody's to read, sealed or not. */
function hide(id: string) {
  return (field: FieldChange): FieldChange =>
    id.startsWith('Secret ') && /^(?:data|stringData)\b/.test(field.at)
      ? { at: field.at, before: veil(field.before), after: veil(field.after) }
      : field;
}

const veil = (value: unknown) => (value === undefined ? undefined : '(a secret)');

function join<T extends { readonly clusters: readonly string[] }>(items: readonly T[]): T[] {
  const same = Map.groupBy(items, ({ clusters: _, ...rest }) => toCanonical(rest));
  return [...same.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ ...first, clusters: [...new Set(group.flatMap(({ clusters }) => clusters))] }];
  });
}

function sortDangers(dangers: readonly Danger[]): Danger[] {
  const place = new Map(diffRules.map(({ name }, i) => [name, i]));
  const weigh = ({ level, rule }: Danger) => (level === 'block' ? 0 : 100) + (place.get(rule) ?? 0);
  return dangers.toSorted(
    (a, b) => weigh(a) - weigh(b) || compareText(a.object, b.object) || compareText(a.at, b.at),
  );
}

const kinds = ['removed', 'changed', 'added'];

function sortEdits(edits: readonly Edit[], dangers: readonly Danger[]): Edit[] {
  const risk = (edit: Edit) => {
    const at = dangers.findIndex(({ object }) => object === edit.object);
    return at < 0 ? dangers.length : at;
  };
  return edits.toSorted(
    (a, b) =>
      risk(a) - risk(b) || kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || compareText(a.object, b.object),
  );
}
