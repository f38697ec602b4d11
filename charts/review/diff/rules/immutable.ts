import { toNumber } from '../../schema/quantity.ts';
import type { Change } from '../changes.ts';
import type { FieldChange } from '../fields.ts';
import type { DiffRule } from '../rule.ts';
import { toGroup } from '../tree.ts';

/** What the API server lets nobody change once the object is there (Kubernetes' validation of updates). */
const fixed: Readonly<Record<string, RegExp>> = {
  'apps/Deployment': /^spec\.selector/,
  'apps/DaemonSet': /^spec\.selector/,
  'apps/ReplicaSet': /^spec\.selector/,
  'apps/StatefulSet':
    /^spec\.(?!(?:replicas|ordinals|template|updateStrategy|revisionHistoryLimit|persistentVolumeClaimRetentionPolicy|minReadySeconds)\b)/,
  'batch/Job': /^spec\.(?:template|selector|completionMode|podFailurePolicy|successPolicy|manualSelector)\b/,
  'core/PersistentVolumeClaim': /^spec\.(?!(?:resources|volumeAttributesClassName)\b)/,
  'core/PersistentVolume':
    /^spec\.(?!(?:capacity|accessModes|persistentVolumeReclaimPolicy|mountOptions|claimRef|volumeAttributesClassName)\b)/,
  'core/Secret': /^type$/,
  'core/Service': /^spec\.clusterIPs?\b/,
  'rbac.authorization.k8s.io/RoleBinding': /^roleRef\b/,
  'rbac.authorization.k8s.io/ClusterRoleBinding': /^roleRef\b/,
  'storage.k8s.io/StorageClass': /^(?:provisioner|parameters|reclaimPolicy|volumeBindingMode)\b/,
  'scheduling.k8s.io/PriorityClass': /^(?:value|preemptionPolicy)$/,
  'networking.k8s.io/IngressClass': /^spec\.controller$/,
  'node.k8s.io/RuntimeClass': /^handler$/,
  'apiextensions.k8s.io/CustomResourceDefinition': /^spec\.(?:group|scope|names\.(?:kind|plural))\b/,
};

export const immutable: DiffRule = {
  name: 'immutable',
  level: 'block',
  says: 'A field changes that the API server lets nobody change.',
  why: 'Flux fails at this object, and at all that depends on it, until somebody deletes it by hand.',
  *check({ changes }) {
    for (const change of changes) {
      if (change.kind !== 'changed' || isForced(change)) continue;
      for (const field of change.fields) {
        const message = refusalOf(change, field);
        if (message !== undefined)
          yield {
            change,
            at: field.at,
            message,
            mend: 'give the object another name, or annotate it kustomize.toolkit.fluxcd.io/force: Enabled if it may be deleted and made anew',
          };
      }
    }
  },
};

/** Flux deletes and makes anew what is annotated so. */
function isForced({ after }: Change): boolean {
  return /^enabled$/i.test(after?.object.metadata.annotations?.['kustomize.toolkit.fluxcd.io/force'] ?? '');
}

function refusalOf({ before }: Change, field: FieldChange): string | undefined {
  const object = before?.object;
  if (object === undefined) return undefined;
  const kind = `${toGroup(object.apiVersion)}/${object.kind}`;
  if (fixed[kind]?.test(field.at) === true) return 'cannot be changed';
  if (kind === 'core/ConfigMap' || kind === 'core/Secret') {
    const sealed = 'immutable' in object && object.immutable === true;
    return sealed && !field.at.startsWith('metadata')
      ? 'cannot be changed: the object is immutable'
      : undefined;
  }
  if (kind === 'core/PersistentVolumeClaim' && /^spec\.resources\.requests\.storage$/.test(field.at))
    return isSmaller(field) ? 'cannot become smaller' : undefined;
  return undefined;
}

function isSmaller({ before, after }: FieldChange): boolean {
  return toNumber(after as string | number) < toNumber(before as string | number);
}
