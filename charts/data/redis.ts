import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { durableSettings, startDurableRedis } from '../../services/core/runtime/durable-redis.ts';
import { toBytes } from '../constructs/size.ts';
import { Stateful } from '../constructs/stateful.ts';
import { pins } from '../pins.ts';
import { labelsOf, redis, secrets, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';
import type { PlatformKey } from '../secrets/program/generate.ts';
import { redisRules } from '../secrets/redis-rules.ts';

const { name, namespace, port } = redis;
const usersKey: PlatformKey = 'users.acl';

/**
 * One Redis with one volume. A second as a replica would make it less safe, not more: a failover forgets what
 * was acknowledged and not yet copied. Down for a moment, it costs a 503 that forges and agents repeat.
 */
export class Redis extends Chart {
  constructor(scope: Construct, { redis: settings, storageClass }: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    const labels = labelsOf(name);
    const conf = toConf(settings.memory);

    new k8s.KubeConfigMap(this, 'conf', {
      metadata: { name: 'redis', namespace, labels },
      data: { 'redis.conf': conf, 'start.sh': startDurableRedis },
    });
    new Stateful(this, {
      place: redis,
      storage: settings.storage,
      storageClass,
      pod: {
        image: pins.redis,
        command: [
          'sh',
          '/etc/redis/start.sh',
          'redis-server',
          '/etc/redis/redis.conf',
          '/data',
          '/data/load.sock',
        ],
        mounts: [
          { name: 'conf', path: '/etc/redis', from: { config: 'redis' } },
          { name: 'users', path: '/run/redis', from: { secret: secrets.platform.name, keys: [usersKey] } },
          { name: 'data', path: '/data', from: { claim: true } },
        ],
        user: 999,
        cpu: { request: 0.1 },
        memory: settings.memory,
        probes: {
          startupProbe: { ...alive, failureThreshold: 300 },
          readinessProbe: alive,
          livenessProbe: alive,
        },
        // Ends by itself once what it holds is on disk, which with AOF it always is.
        graceSeconds: 60,
        restartOn: `${conf}${startDurableRedis}${JSON.stringify(redisRules)}`,
      },
    });
    new k8s.KubeService(this, 'service', {
      metadata: { name, namespace, labels },
      spec: {
        selector: selectorOf(name),
        ports: [{ name, port, targetPort: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }],
      },
    });
  }
}

/** While it reads its file it answers LOADING, with exit code 0: only the answer tells. */
const alive: k8s.Probe = {
  exec: { command: ['sh', '-c', 'test "$(redis-cli --user probe --pass x --no-auth-warning ping)" = PONG'] },
  periodSeconds: 5,
  timeoutSeconds: 3,
  failureThreshold: 6,
};

/** The settings that the queue's promise needs: nothing acknowledged is lost, and nothing is evicted. */
function toConf(memory: string): string {
  const settings: Record<string, string | number> = {
    port,
    bind: '* -::*',
    'protected-mode': 'no',
    dir: '/data',
    aclfile: `/run/redis/${usersKey}`,
    save: '""',
    // The rest is for copies while the file is rewritten, and for clients' buffers.
    maxmemory: Math.floor(toBytes(memory) * 0.7),
    ...Object.fromEntries(durableSettings),
    'tcp-keepalive': 60,
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join('\n')}\n`;
}
