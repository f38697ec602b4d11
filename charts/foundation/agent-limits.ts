import { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { gpuResource, namespaces } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { type Amount, sum, toLargest, toMost } from '../scaling/most.ts';

const namespace = namespaces.agents;

/**
 * What the agents' namespace may hold, from the pools and nothing else, so that the two never disagree.
 *
 * The quota is the seat belt below KEDA's own maximum: were its list of Jobs ever empty by mistake, it would start all
 * of them again. A tenth above the pools' maxima, so that it is never felt otherwise; finished pods do not count. The
 * range keeps what comes by another way from being larger than the largest agent, and gives it a size where it says none.
 */
export class AgentLimits extends Construct {
  constructor(scope: Construct, { pools }: Cluster) {
    super(scope, 'agents');
    const roomy = Object.values(pools).map((pool) => ({ ...pool, max: Math.ceil(pool.max * 1.1) }));
    const most = sum(roomy.map(toMost));
    new k8s.KubeResourceQuota(this, 'quota', {
      metadata: { name: 'agents', namespace },
      spec: {
        hard: {
          pods: k8s.Quantity.fromNumber(roomy.reduce((agents, { max }) => agents + max, 0)),
          ...prefixed('requests', most),
          ...prefixed('limits', most),
          // Of what is no part of a machine, Kubernetes counts requests only.
          ...(most.gpus === 0 ? {} : { [`requests.${gpuResource}`]: k8s.Quantity.fromNumber(most.gpus) }),
        },
      },
    });
    const largest = toQuantities(toLargest(pools));
    new k8s.KubeLimitRange(this, 'limits', {
      metadata: { name: 'agents', namespace },
      spec: { limits: [{ type: 'Container', max: largest, default: largest, defaultRequest: largest }] },
    });
  }
}

function prefixed(side: 'requests' | 'limits', amount: Amount): Record<string, k8s.Quantity> {
  return Object.fromEntries(
    Object.entries(toQuantities(amount)).map(([name, quantity]) => [`${side}.${name}`, quantity]),
  );
}

function toQuantities({ cpu, memory, disk }: Amount): Record<string, k8s.Quantity> {
  const inMi = (bytes: number) => k8s.Quantity.fromString(`${Math.ceil(bytes / 2 ** 20)}Mi`);
  return {
    cpu: k8s.Quantity.fromString(`${Math.ceil(cpu * 1000)}m`),
    memory: inMi(memory),
    'ephemeral-storage': inMi(disk),
  };
}
