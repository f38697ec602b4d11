import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf, type Place, selectorOf } from '../places.ts';
import { Brought } from './brought.ts';
import { type PodProps, podTemplate } from './pod.ts';

export interface StatefulProps {
  readonly place: Place;
  /** `{ claim: true }` in its mounts, under the name `data`, is its volume. */
  readonly pod: Omit<PodProps, 'name' | 'port' | 'serviceAccount'>;
  /** Of its volume. */
  readonly storage: string;
  readonly storageClass: string;
}

/**
 * One pod with one volume that outlives it, and the account that it runs as. Nothing deletes the volume: neither a
 * smaller count, nor the end of the StatefulSet, nor a commit without it. Whoever means that says it to the cluster.
 */
export class Stateful extends Construct {
  constructor(scope: Construct, { place, pod, storage, storageClass }: StatefulProps) {
    const { name, namespace, port } = place;
    super(scope, name);
    const labels = labelsOf(name);
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    });
    new Brought(this, 'claims', {
      by: `the StatefulSet ${name}`,
      objects: [`PersistentVolumeClaim ${namespace}/${claimOf(name)}`],
    });
    new k8s.KubeStatefulSet(this, 'set', {
      metadata: {
        name,
        namespace,
        labels,
        annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
      },
      spec: {
        replicas: 1,
        serviceName: name,
        selector: { matchLabels: selectorOf(name) },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        template: podTemplate({ ...pod, name, port, serviceAccount: name }),
        volumeClaimTemplates: [
          {
            metadata: { name: 'data', labels: selectorOf(name) },
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: storageClass,
              resources: { requests: { storage: k8s.Quantity.fromString(storage) } },
            },
          },
        ],
      },
    });
  }
}

/** What its pod's volume is claimed by. */
export function claimOf(name: string): string {
  return `data-${name}-0`;
}
