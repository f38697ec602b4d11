import type { Change } from '../changes.ts';
import type { DiffRule } from '../rule.ts';

/** What goes with them, whoever made it. */
const takesAlong: Readonly<Record<string, string>> = {
  Namespace: 'and with it everything in it, volumes too',
  CustomResourceDefinition: 'and with it every object of its kind, in all namespaces',
  PersistentVolumeClaim: 'and with it its data, unless the storage class keeps it',
  PersistentVolume: 'and with it the way to its data',
  StatefulSet: 'its volumes stay behind, with nobody to use them',
  HelmRelease: 'and with it all that its chart made, perhaps CRDs and their objects',
  Kustomization: 'and with it every object that it applied',
};

export const prunedState: DiffRule = {
  name: 'pruned-state',
  level: 'block',
  says: 'Something goes that holds data, or on which other objects hang.',
  why: 'Flux deletes what is no longer in the tree, at once; a revert brings back the object and not what was in it.',
  *check({ changes }) {
    for (const change of gone(changes)) {
      const along = takesAlong[change.before?.object.kind ?? ''];
      if (along !== undefined && !isKept(change))
        yield {
          change,
          at: '',
          message: `is deleted, ${along}`,
          mend: 'annotate it kustomize.toolkit.fluxcd.io/prune: disabled in a change before this one, or waive it when its data is safe',
        };
    }
  },
};

export const pruned: DiffRule = {
  name: 'pruned',
  level: 'look',
  says: 'Something goes that can be made again.',
  why: 'Who relied on it finds it missing.',
  *check({ changes }) {
    for (const change of gone(changes)) {
      if (isKept(change))
        yield {
          change,
          at: '',
          message: 'leaves the tree and stays in the cluster: it is not pruned',
          mend: 'delete it by hand when nobody needs it',
        };
      else if (takesAlong[change.before?.object.kind ?? ''] === undefined)
        yield { change, at: '', message: 'is deleted', mend: 'see that nobody relies on it' };
    }
  },
};

export const moved: DiffRule = {
  name: 'moved',
  level: 'look',
  says: 'An object goes from one Kustomization to another.',
  why: 'Until the new one has applied it, the old one may delete it.',
  *check({ changes }) {
    for (const change of changes) {
      const [from, to] = [change.before?.unit, change.after?.unit];
      if (from !== undefined && to !== undefined && from !== to)
        yield {
          change,
          at: '',
          message: `moves from ${from} to ${to}`,
          mend: `let ${from} depend on ${to} while it moves, if it must not be missed`,
        };
    }
  },
};

const gone = (changes: readonly Change[]) => changes.filter(({ kind }) => kind === 'removed');

function isKept({ before }: Change): boolean {
  return /^disabled$/i.test(before?.object.metadata.annotations?.['kustomize.toolkit.fluxcd.io/prune'] ?? '');
}
