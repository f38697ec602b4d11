import { expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import fc from 'fast-check';
import { parse } from 'yaml';
import { Namespaces } from '../../../charts/foundation/namespaces.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { Pools } from '../../../charts/scaling/pools.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { ticketsKey } from '../../../services/core/queue/keys.ts';

const poolName = fc.stringMatching(/^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/);
const size = fc
  .tuple(fc.integer({ min: 1, max: 999_999 }), fc.constantFrom('Mi', 'Gi'))
  .map(([n, unit]) => `${n}${unit}`);
const pool = fc.record(
  {
    arch: fc.constantFrom('amd64', 'arm64'),
    max: fc.integer({ min: 1, max: 500 }),
    cpu: fc.double({ min: 0.1, max: 256, noNaN: true }).map((cores) => Math.round(cores * 10) / 10),
    memory: size,
    disk: size,
    timeLimitMinutes: fc.integer({ min: 1, max: 1440 }),
    internet: fc.boolean(),
    userNamespaces: fc.boolean(),
  },
  { requiredKeys: ['arch', 'max'] },
);
const pools = fc.dictionary(poolName, pool, { minKeys: 1, maxKeys: 5 });

function toCluster(some: object) {
  const { home } = platformSchema.parse({ clusters: { home: { pools: some } } }).clusters;
  if (home === undefined) throw new Error('no cluster');
  return home;
}

// biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
function render(chart: Pools | Namespaces): any[] {
  return chart.toJson();
}

test('for all pools: one ScaledJob each, which counts tickets and nothing else, and kills nothing (K14)', () => {
  fc.assert(
    fc.property(pools, (some) => {
      const cluster = toCluster(some);
      const objects = render(new Pools(new App(), cluster));
      const scaledJobs = objects.filter(({ kind }) => kind === 'ScaledJob');
      expect(scaledJobs.map(({ metadata }) => metadata.name).sort()).toEqual(
        Object.keys(some)
          .map((name) => `agent-${name}`)
          .sort(),
      );
      for (const { metadata, spec } of scaledJobs) {
        const name = metadata.name.slice('agent-'.length);
        const { max, timeLimitMinutes } = cluster.pools[name] ?? { max: 0, timeLimitMinutes: 0 };
        expect(spec).toMatchObject({
          minReplicaCount: 0,
          maxReplicaCount: max,
          rollout: { strategy: 'gradual' },
          scalingStrategy: { strategy: 'accurate', pendingPodConditions: ['Ready'] },
        });
        expect(spec.triggers).toEqual([
          {
            type: 'redis-streams',
            metadata: {
              address: 'redis.ci.svc:6379',
              stream: ticketsKey(name),
              streamLength: '1',
              activationLagCount: '0',
            },
            authenticationRef: { name: 'redis-keda' },
          },
        ]);
        const { template, ...job } = spec.jobTargetRef;
        expect(job).toEqual({
          parallelism: 1,
          completions: 1,
          backoffLimit: 0,
          activeDeadlineSeconds: timeLimitMinutes * 60 + 300,
          ttlSecondsAfterFinished: 300,
          podFailurePolicy: {
            rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
          },
        });
        expect(template.spec).toMatchObject({
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 60,
        });
        // Jobs get the name and five characters more; both stand in labels.
        expect(`${metadata.name}-abcde`.length).toBeLessThanOrEqual(63);
      }
    }),
    { numRuns: 50 },
  );
});

test('for all pools: nothing in a pool makes its pods more than restricted', () => {
  fc.assert(
    fc.property(pools, (some) => {
      const objects = render(new Pools(new App(), toCluster(some)));
      for (const { metadata, spec } of objects.filter(({ kind }) => kind === 'ScaledJob')) {
        const pod = spec.jobTargetRef.template.spec;
        const own = toCluster(some).pools[metadata.name.slice('agent-'.length)];
        expect(Object.keys(pod).sort()).toEqual(
          [...podKeys, ...(own?.userNamespaces === true ? ['hostUsers'] : [])].sort(),
        );
        expect(pod.hostUsers).not.toBe(true);
        expect(pod.containers.length).toBe(1);
        expect(pod.containers[0].securityContext).toEqual({
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
        });
        expect(pod.containers[0].resources.limits).toEqual(pod.containers[0].resources.requests);
        const kinds = pod.volumes
          .flatMap((volume: object) => Object.keys(volume))
          .filter((key: string) => key !== 'name');
        expect([...new Set(kinds)].sort()).toEqual(['emptyDir', 'projected']);
      }
    }),
    { numRuns: 50 },
  );
});

const podKeys = [
  'priorityClassName',
  'automountServiceAccountToken',
  'containers',
  'enableServiceLinks',
  'nodeSelector',
  'restartPolicy',
  'securityContext',
  'serviceAccountName',
  'terminationGracePeriodSeconds',
  'volumes',
];

test('for all pools: the quota never holds back what the maxima allow', () => {
  fc.assert(
    fc.property(pools, (some) => {
      const cluster = toCluster(some);
      const quota = render(new Namespaces(new App(), cluster)).find(({ kind }) => kind === 'ResourceQuota');
      const most = Object.values(cluster.pools).reduce((sum, { max }) => sum + max, 0);
      expect(Number(quota.spec.hard.pods)).toBeGreaterThanOrEqual(most);
    }),
    { numRuns: 30 },
  );
});

test("an agent's readiness is its claim, and its token claims and nothing else", () => {
  const objects = render(new Pools(new App(), toCluster({ 'amd64-m': { arch: 'amd64', max: 1 } })));
  const { spec } = objects.find(({ kind }) => kind === 'ScaledJob');
  const pod = spec.jobTargetRef.template.spec;
  const [agent] = pod.containers;
  const claimed = agent.env.find(({ name }: { name: string }) => name === 'BELLOWS_CLAIMED_FILE').value;
  expect(agent.readinessProbe.exec.command).toEqual(['test', '-e', claimed]);
  expect(agent.startupProbe).toMatchObject({ failureThreshold: 60, periodSeconds: 1 });
  const token = pod.volumes.find(({ name }: { name: string }) => name === 'token');
  expect(token.projected.sources).toEqual([
    { serviceAccountToken: { audience: 'bellows', expirationSeconds: 600, path: 'token' } },
  ]);
});

test('a pool of GPUs asks for them, by their runtime, on nodes that are kept for those who do', () => {
  const text =
    'clusters: {home: {gpu: {shares: 4}, pools: {g: {arch: arm64, max: 3, gpu: {product: NVIDIA-GB10}}, m: {arch: arm64, max: 1}}}}';
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  expect(checkPlatform([built]).filter(({ level }) => level === 'error')).toEqual([]);
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const find = (kind: string, name: string): any =>
    built.objects
      // biome-ignore lint/suspicious/noExplicitAny: as above
      .map(({ object }) => object as any)
      .find((object) => object.kind === kind && object.metadata.name === name);
  const { spec } = find('ScaledJob', 'agent-g').spec.jobTargetRef.template;
  expect(spec).toMatchObject({
    runtimeClassName: 'nvidia',
    tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists', effect: 'NoSchedule' }],
    nodeSelector: { 'kubernetes.io/arch': 'arm64', 'nvidia.com/gpu.product': 'NVIDIA-GB10' },
  });
  const { requests, limits } = spec.containers[0].resources;
  expect([requests['nvidia.com/gpu'], limits['nvidia.com/gpu']]).toEqual([1, 1]);
  const other = find('ScaledJob', 'agent-m').spec.jobTargetRef.template.spec;
  expect([other.runtimeClassName, other.tolerations]).toEqual([undefined, undefined]);
  expect(find('ResourceQuota', 'agents').spec.hard['requests.nvidia.com/gpu']).toBe(4);
  const { values } = find('HelmRelease', 'nvidia-device-plugin').spec;
  expect(JSON.stringify(values.affinity)).toContain(
    '{"key":"bellows.dev/gpu","operator":"In","values":["nvidia"]}',
  );
  expect(parse(values.config.map.default).sharing.timeSlicing.resources).toEqual([
    { name: 'nvidia.com/gpu', replicas: 4 },
  ]);
});
