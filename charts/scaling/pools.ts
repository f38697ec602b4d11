import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  ScaledJob,
  ScaledJobSpecRolloutStrategy,
  ScaledJobSpecScalingStrategyStrategy,
  TriggerAuthentication,
} from '../../imports/keda.sh.ts';
import { ticketsKey } from '../../services/core/queue/keys.ts';
import { toSentinels } from '../data/redis-member.ts';
import { addressOf, labelsOf, namespaces, redis, redisMembers, secrets } from '../places.ts';
import type { Cluster, Pool } from '../platform.ts';
import { agentAccount, agentPod } from './agent.ts';

const namespace = namespaces.agents;
/** For the image to be pulled and a place to be found; both count as a Job's active time. */
const startSeconds = 300;

export function scaledJobOf(pool: string): string {
  return `agent-${pool}`;
}

/**
 * For each pool exactly as many agents as it has waiting jobs. A ticket is one waiting job, and a pod that is
 * ready has claimed one; so new pods = tickets − pods that have not claimed yet, at every look.
 */
export class Pools extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'pools', { disableResourceNameHashes: true });
    agentAccount(this);
    new TriggerAuthentication(this, 'redis', {
      metadata: { name: secrets.keda.name, namespace, labels: labelsOf('agent') },
      spec: {
        secretTargetRef: (['username', 'password'] as const).flatMap((key) =>
          toParameters(cluster, key).map((parameter) => ({ parameter, name: secrets.keda.name, key })),
        ),
      },
    });
    for (const [name, pool] of Object.entries(cluster.pools)) this.scaledJob(name, pool, cluster);
  }

  private scaledJob(name: string, pool: Pool, cluster: Cluster): void {
    new ScaledJob(this, name, {
      metadata: {
        name: scaledJobOf(name),
        namespace,
        labels: { ...labelsOf('agent'), 'bellows.dev/pool': name },
      },
      spec: {
        pollingInterval: 2,
        minReplicaCount: 0,
        maxReplicaCount: pool.max,
        // Anything else deletes the running jobs of a pool whenever its ScaledJob changes.
        rollout: { strategy: ScaledJobSpecRolloutStrategy.GRADUAL },
        scalingStrategy: {
          strategy: ScaledJobSpecScalingStrategyStrategy.ACCURATE,
          pendingPodConditions: ['Ready'],
        },
        successfulJobsHistoryLimit: 5,
        failedJobsHistoryLimit: 20,
        triggers: [
          {
            ...toTrigger(cluster),
            // No consumerGroup, lagCount or pendingEntriesCount: with none of them the measure is the stream's length.
            metadata: {
              ...toTrigger(cluster).metadata,
              stream: ticketsKey(name),
              streamLength: '1',
              activationLagCount: '0',
            },
            authenticationRef: { name: secrets.keda.name },
          },
        ],
        jobTargetRef: {
          parallelism: 1,
          completions: 1,
          // A lost agent's job is queued again by the api, with a ticket and so with a new pod.
          backoffLimit: 0,
          activeDeadlineSeconds: pool.timeLimitMinutes * 60 + startSeconds,
          ttlSecondsAfterFinished: 300,
          // A drained node is nobody's failure: the same Job gets another pod.
          podFailurePolicy: {
            rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
          },
          template: agentPod(name, pool, cluster),
        },
      },
    });
  }
}

/** Whom KEDA asks: the one Redis, or the sentinels, who say which of three is the primary. */
function toTrigger({ redis: { servers } }: Cluster) {
  if (servers === 1) return { type: 'redis-streams', metadata: { address: addressOf(redis) } };
  const metadata = { addresses: toSentinels().join(','), sentinelMaster: redisMembers.primary };
  return { type: 'redis-sentinel-streams', metadata };
}

/** Sentinels know the same user. */
function toParameters({ redis: { servers } }: Cluster, key: 'username' | 'password'): string[] {
  return servers === 1 ? [key] : [key, key === 'username' ? 'sentinelUsername' : 'sentinelPassword'];
}
