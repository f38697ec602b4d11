import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { priorities } from '../places.ts';

/**
 * Who gives way when a node is full. What people run beside Bellows has priority 0 unless they say otherwise: the platform
 * stands above it, since without it nobody is told anything, and agents below it, so that CI never starves the owner's
 * own work; they wait, and drive nobody out.
 */
export class Priorities extends Chart {
  constructor(scope: Construct) {
    super(scope, 'priorities', { disableResourceNameHashes: true });
    const labels = { 'app.kubernetes.io/part-of': 'bellows' };
    new k8s.KubePriorityClass(this, 'platform', {
      metadata: { name: priorities.platform, labels },
      value: 1_000_000,
      description: 'The platform itself: api, queue, forge.',
    });
    new k8s.KubePriorityClass(this, 'agents', {
      metadata: { name: priorities.agents, labels },
      value: -1000,
      preemptionPolicy: 'Never',
      description: 'Agents: they wait for what else the nodes have to do.',
    });
  }
}
