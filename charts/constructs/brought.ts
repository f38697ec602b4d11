import { Construct } from 'constructs';

export interface BroughtProps {
  /** Who makes it: `KEDA's Helm chart`, `a person`. */
  readonly by: string;
  /** API groups whose kinds exist from then on. */
  readonly groups?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly secrets?: readonly {
    readonly namespace: string;
    readonly name: string;
    readonly keys: readonly string[];
  }[];
  /** Pods by their labels, and what they listen on. */
  readonly pods?: readonly BroughtPods[];
  /** Objects that others may name: `ServiceAccount keda/keda-operator`, `StorageClass local-path`. */
  readonly objects?: readonly string[];
}

export interface BroughtPods {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly ports: readonly number[];
  /** @default TCP */
  readonly protocols?: readonly ('TCP' | 'UDP')[];
  /** What they read addresses from and then connect to: `keda.sh`, all objects of that group. @default nothing */
  readonly dials?: string;
}

/**
 * What is in the cluster because of this chart and is no object of it: what an operator's own chart makes, a
 * Secret that a Job generates, one that a person puts there. Without it, `./bellows check` would miss it.
 */
export class Brought extends Construct {
  readonly what: BroughtProps;

  constructor(scope: Construct, id: string, what: BroughtProps) {
    super(scope, id);
    this.what = what;
  }
}
