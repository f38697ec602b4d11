import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf } from '../places.ts';

export interface KeptVolumeProps {
  readonly name: string;
  readonly namespace: string;
  /** Whose it is. */
  readonly program: string;
  readonly storageClass: string;
  /** `20Gi` */
  readonly size: string;
}

/** A volume that stays when its chart goes: whoever means to delete data says that to the cluster. */
export class KeptVolume extends Construct {
  constructor(
    scope: Construct,
    id: string,
    { name, namespace, program, storageClass, size }: KeptVolumeProps,
  ) {
    super(scope, id);
    new k8s.KubePersistentVolumeClaim(this, 'claim', {
      metadata: {
        name,
        namespace,
        labels: labelsOf(program),
        annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: storageClass,
        resources: { requests: { storage: k8s.Quantity.fromString(size) } },
      },
    });
  }
}
