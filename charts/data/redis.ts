import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { durableSettings, startDurableRedis } from '../../services/core/runtime/durable-redis.ts';
import type { ContainerProps, Mount } from '../constructs/pod.ts';
import { scraped } from '../constructs/scraped.ts';
import { toBytes } from '../constructs/size.ts';
import { Stateful } from '../constructs/stateful.ts';
import { pins } from '../pins.ts';
import { exporterPort, labelsOf, redis, redisMembers, secrets, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';
import type { PlatformKey } from '../secrets/program/generate.ts';
import { toRules } from '../secrets/redis-rules.ts';
import {
  memberSettings,
  memberUsers,
  prepareMember,
  sentinelSettings,
  sentinelTiming,
} from './redis-member.ts';

const { name, namespace, port } = redis;
const { sentinelPort } = redisMembers;

/**
 * One Redis with one volume, or three that copy each other. A second one alone would make it less safe, not more: a
 * failover forgets what was acknowledged and not yet copied. So with three, the api acknowledges what a second one has
 * (BELLOWS_REDIS_REPLICAS), and sentinels, one beside each, agree on who is the primary. Down for a moment, Redis costs a
 * 503 that forges and agents repeat.
 */
export class Redis extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    const { redis: settings, storageClass } = cluster;
    const labels = labelsOf(name);
    const several = settings.servers > 1;
    const files = {
      'redis.conf': toConf(settings),
      'start.sh': startDurableRedis,
      ...(several
        ? {
            'member.sh': `${prepareMember}exec sh /etc/redis/start.sh "$@"\n`,
            'sentinel.conf': sentinelSettings,
            'timing.conf': sentinelTiming,
          }
        : {}),
    };

    new k8s.KubeConfigMap(this, 'conf', {
      metadata: { name: 'redis', namespace, labels },
      data: files,
    });
    new Stateful(this, {
      place: redis,
      replicas: settings.servers,
      members: redisMembers.name,
      storage: settings.storage,
      storageClass,
      pod: {
        image: pins.redis,
        command: [
          'sh',
          several ? '/etc/redis/member.sh' : '/etc/redis/start.sh',
          'redis-server',
          '/etc/redis/redis.conf',
          '/data',
          '/data/load.sock',
        ],
        mounts: [...toMounts(several), { name: 'data', path: '/data', from: { claim: true } }],
        user: 999,
        cpu: { request: 0.1 },
        memory: settings.memory,
        probes: {
          startupProbe: { ...alive, failureThreshold: 300 },
          readinessProbe: alive,
          livenessProbe: alive,
        },
        beside: [...(several ? [sentinel()] : []), ...(settings.exporter ? [exporter()] : [])],
        // Ends by itself once what it holds is on disk, which with AOF it always is.
        graceSeconds: 60,
        spread: several,
        ...(settings.exporter ? scraped(cluster, exporterPort) : {}),
        restartOn: `${Object.values(files).join('')}${JSON.stringify(toRules(cluster))}`,
      },
    });
    const ports = [
      { name, port },
      ...(several ? [{ name: 'sentinel', port: sentinelPort }] : []),
      ...(settings.exporter ? [{ name: 'exporter', port: exporterPort }] : []),
    ].map((each) => ({ ...each, targetPort: k8s.IntOrString.fromNumber(each.port), protocol: 'TCP' }));
    new k8s.KubeService(this, 'members', {
      metadata: { name: redisMembers.name, namespace, labels },
      // Each is looked for by its name also while it only begins: sentinels and replicas could not find it otherwise.
      spec: { clusterIp: 'None', publishNotReadyAddresses: true, selector: selectorOf(name), ports },
    });
    if (several) {
      new k8s.KubePodDisruptionBudget(this, 'budget', {
        metadata: { name, namespace, labels },
        spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: selectorOf(name) } },
      });
      return;
    }
    new k8s.KubeService(this, 'service', {
      metadata: { name, namespace, labels },
      spec: {
        selector: selectorOf(name),
        ports: [{ name, port, targetPort: k8s.IntOrString.fromNumber(port), protocol: 'TCP' }],
      },
    });
  }
}

function toMounts(several: boolean): Mount[] {
  const keys: PlatformKey[] = several
    ? [
        'users.acl',
        'sentinel.acl',
        ...Object.values(memberUsers).map((user) => `redis-${user}-password` as const),
      ]
    : ['users.acl'];
  return [
    { name: 'conf', path: '/etc/redis', from: { config: 'redis' } },
    { name: 'users', path: '/run/redis', from: { secret: secrets.platform.name, keys } },
    ...(several
      ? [{ name: 'own', path: '/run/redis-own', from: { scratch: '1Mi', memory: true } } as const]
      : []),
  ];
}

/** Begins once Redis, beside it, knows whom to look at; what it learns stands on the volume. */
function sentinel(): ContainerProps {
  const ping = `redis-cli -p ${sentinelPort} --user probe --pass x --no-auth-warning ping`;
  const alive = {
    exec: { command: ['sh', '-c', `test "$(${ping})" = PONG`] },
    periodSeconds: 5,
    timeoutSeconds: 3,
    failureThreshold: 6,
  };
  return {
    name: 'sentinel',
    image: pins.redis,
    command: [
      'sh',
      '-c',
      'until [ -e /run/redis-own/redis.conf ] && [ -e /data/sentinel.conf ]; do sleep 0.2; done; exec redis-server /data/sentinel.conf --sentinel',
    ],
    port: sentinelPort,
    mounts: [...toMounts(true), { name: 'data', path: '/data', from: { claim: true } }, ...tmp],
    cpu: { request: 0.05 },
    memory: '64Mi',
    probes: {
      startupProbe: { ...alive, failureThreshold: 300 },
      readinessProbe: alive,
      livenessProbe: alive,
    },
  };
}

const tmp: Mount[] = [{ name: 'tmp', path: '/tmp', from: { scratch: '1Mi' } }];
const exporterKey: PlatformKey = 'redis-metrics-password';

/** Tells of its own Redis, as a user that reads no key. */
function exporter(): ContainerProps {
  return {
    name: 'exporter',
    image: pins.redisExporter,
    // By a file, so that the password stands in no manifest and no argument.
    command: [
      'sh',
      '-c',
      `REDIS_PASSWORD="$(cat /run/secrets/exporter/${exporterKey})" exec /redis_exporter`,
    ],
    env: [
      { name: 'REDIS_ADDR', value: `redis://localhost:${port}` },
      { name: 'REDIS_EXPORTER_WEB_LISTEN_ADDRESS', value: `:${exporterPort}` },
      { name: 'REDIS_USER', value: 'metrics' },
    ],
    port: exporterPort,
    mounts: [
      {
        name: 'exporter',
        path: '/run/secrets/exporter',
        from: { secret: secrets.platform.name, keys: [exporterKey] },
      },
    ],
    cpu: { request: 0.02 },
    memory: '64Mi',
  };
}

/** While it reads its file it answers LOADING, with exit code 0: only the answer tells. */
const alive: k8s.Probe = {
  exec: { command: ['sh', '-c', 'test "$(redis-cli --user probe --pass x --no-auth-warning ping)" = PONG'] },
  periodSeconds: 5,
  timeoutSeconds: 3,
  failureThreshold: 6,
};

/** The settings that the queue's promise needs: nothing acknowledged is lost, and nothing is evicted. */
function toConf({ memory, servers }: Cluster['redis']): string {
  const settings: Record<string, string | number> = {
    port,
    bind: '* -::*',
    'protected-mode': 'no',
    dir: '/data',
    aclfile: '/run/redis/users.acl',
    save: '""',
    // The rest is for copies while the file is rewritten, and for clients' buffers.
    maxmemory: Math.floor(toBytes(memory) * 0.7),
    ...Object.fromEntries(durableSettings),
    'tcp-keepalive': 60,
    ...(servers > 1 ? memberSettings : {}),
  };
  return `${Object.entries(settings)
    .map(([key, value]) => `${key} ${value}`)
    .join('\n')}\n`;
}
