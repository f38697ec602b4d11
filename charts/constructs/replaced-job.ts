import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { labelsOf } from '../places.ts';

export interface ReplacedJobProps {
  readonly name: string;
  readonly namespace: string;
  readonly template: k8s.PodTemplateSpec;
}

/** Each six minutes, for more than a day. */
const tries = 300;

/**
 * A Job cannot be changed: when this one differs, or was deleted, Flux makes it anew. One that has failed it leaves as it
 * is, with all units that come after: so none is given up for having waited, for its image or for what it asks.
 */
export class ReplacedJob extends Construct {
  constructor(scope: Construct, id: string, { name, namespace, template }: ReplacedJobProps) {
    super(scope, id);
    const annotations = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
    new k8s.KubeJob(this, 'job', {
      metadata: { name, namespace, labels: labelsOf(name), annotations },
      spec: { backoffLimit: tries, template },
    });
  }
}
