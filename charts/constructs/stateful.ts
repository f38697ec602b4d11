import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf, type Place, selectorOf } from '../places.ts';
import { Brought } from './brought.ts';
import { type PodProps, podTemplate } from './pod.ts';

export interface StatefulProps {
  readonly place: Place;
  /** `{ claim: true }` in its mounts, under the name `data`, is its volume. */
  readonly pod: Omit<PodProps, 'name' | 'port' | 'serviceAccount'>;
  /** How many pods, each with a volume of its own. @default 1 */
  readonly replicas?: number;
  /** The headless Service that gives each pod a name. @default nobody asks for one of them by its name */
  readonly members?: string;
  /** Of one volume. */
  readonly storage: string;
  readonly storageClass: string;
}

/**
 * A pod with a volume that outlives it, or several, and the account that they run as. Nothing deletes the volume: neither a
 * smaller count, nor the end of the StatefulSet, nor a commit without it. Whoever means that says it to the cluster.
 */
export class Stateful extends Construct {
  constructor(scope: Construct, { place, pod, replicas = 1, members, storage, storageClass }: StatefulProps) {
    const { name, namespace, port } = place;
    super(scope, name);
    const labels = labelsOf(name);
    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    });
    new Brought(this, 'claims', {
      by: `the StatefulSet ${name}`,
      objects: Array.from(
        { length: replicas },
        (_, n) => `PersistentVolumeClaim ${namespace}/${claimOf(name, n)}`,
      ),
    });
    new k8s.KubeStatefulSet(this, 'set', {
      metadata: {
        name,
        namespace,
        labels,
        annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
      },
      spec: {
        replicas,
        serviceName: members ?? name,
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

/** What the volume of one of its pods is claimed by. */
export function claimOf(name: string, pod = 0): string {
  return `data-${name}-${pod}`;
}
