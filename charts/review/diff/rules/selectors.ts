import { selectorOf, selects } from '../../selector.ts';
import type { DiffRule, View } from '../rule.ts';
import { type Placed, podLabelsOf, type Tree } from '../tree.ts';

export const selectorDrift: DiffRule = {
  name: 'selector-drift',
  level: 'block',
  says: 'A Service, NetworkPolicy or PodDisruptionBudget loses a workload that stays.',
  why: 'Traffic finds nobody, or an isolation is gone, and no object reports an error.',
  *check(view) {
    const after = new Map(view.after.map((placed) => [placed.key, placed]));
    for (const placed of view.before) {
      const now = after.get(placed.key);
      if (selectorOf(placed.object) === undefined || now === undefined) continue;
      const still = new Set(selectedBy(now, view.after).map(({ key }) => key));
      for (const workload of selectedBy(placed, view.before)) {
        if (still.has(workload.key) || !after.has(workload.key)) continue;
        const change = changeOf(view, [placed.key, workload.key]);
        if (change === undefined) continue;
        const [subject, object] = change.id === placed.id ? ['it', workload.id] : [placed.id, 'it'];
        yield {
          change,
          at: change.id === placed.id ? 'spec' : 'spec.template.metadata.labels',
          message: `${subject} no longer selects ${object}`,
          mend: 'change the selector and the labels together, or keep the old label beside the new one',
        };
      }
    }
  },
};

/** Of several objects the first that changes: the one that is to blame. */
function changeOf({ changes }: View, keys: readonly string[]) {
  return keys
    .map((key) => changes.find(({ before, after }) => (before ?? after)?.key === key && after !== undefined))
    .find((change) => change !== undefined);
}

function selectedBy({ object }: Placed, tree: Tree): Placed[] {
  const own = selectorOf(object);
  if (own === undefined) return [];
  return tree.filter((other) => {
    const labels = podLabelsOf(other);
    return (
      labels !== undefined &&
      other.object.metadata.namespace === object.metadata.namespace &&
      selects(own.selector, labels)
    );
  });
}
