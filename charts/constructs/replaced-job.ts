import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf } from '../places.ts';

export interface ReplacedJobProps {
  readonly name: string;
  readonly namespace: string;
  readonly spec: k8s.JobSpec;
}

/** A Job cannot be changed: when this one differs, or was deleted, Flux makes it anew. */
export class ReplacedJob extends Construct {
  constructor(scope: Construct, id: string, { name, namespace, spec }: ReplacedJobProps) {
    super(scope, id);
    const annotations = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
    new k8s.KubeJob(this, 'job', {
      metadata: { name, namespace, labels: labelsOf(name), annotations },
      spec,
    });
  }
}
