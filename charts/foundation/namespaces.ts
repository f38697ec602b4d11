import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { DefaultDeny } from '../constructs/network-edge.ts';
import { namespaces } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { AgentLimits } from './agent-limits.ts';

/** Where everything lives. A namespace is closed from its first moment on: what may pass comes with charts/network. */
export class Namespaces extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'namespaces', { disableResourceNameHashes: true });
    for (const name of [namespaces.ci, namespaces.agents, namespaces.keda]) {
      new k8s.KubeNamespace(this, name, {
        metadata: {
          name,
          labels: { 'app.kubernetes.io/part-of': 'bellows', ...restricted },
          // With a namespace go its volumes. Whoever means that says it to the cluster, not to git.
          annotations: { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' },
        },
      });
      new DefaultDeny(this, name);
    }
    new AgentLimits(this, cluster);
  }
}

const restricted = Object.fromEntries(
  ['enforce', 'audit', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, 'restricted']),
);
