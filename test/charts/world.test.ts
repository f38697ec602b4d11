import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { pins } from '../../charts/pins.ts';
import { readPlatform } from '../../charts/platform-file.ts';
import { generatedKeys } from '../../charts/secrets/program/generate.ts';
import { renderPlatform, toUnits } from '../../charts/units.ts';
import { root } from './committed.ts';
import { type KubeObject, matches, toObjects, toPods } from './objects.ts';

const files = renderPlatform(readPlatform(join(root, 'platform.yaml')), toUnits);
const rendered = toObjects(files);
const objects = rendered.map(({ object }) => object);
const pods = toPods(objects);
const policies = ofKind('NetworkPolicy');

function ofKind(kind: string): KubeObject[] {
  return objects.filter((object) => object.kind === kind);
}

function exists(kind: string, namespace: string, name: string): boolean {
  return ofKind(kind).some(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
}

/** Pods that others make: their labels are what our rules rely on. */
const strangers: { namespace: string; labels: Record<string, string> }[] = [
  { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  { namespace: 'kube-system', labels: { 'app.kubernetes.io/name': 'traefik' } },
  { namespace: 'flux-system', labels: { app: 'source-controller' } },
  ...['keda-operator', 'keda-operator-metrics-apiserver', 'keda-admission-webhooks'].map((name) => ({
    namespace: 'keda',
    labels: { 'app.kubernetes.io/name': name },
  })),
];

function hits(namespace: string, selector: Record<string, string>): boolean {
  const all = [
    ...pods.map((pod) => ({ namespace: pod.namespace, labels: pod.metadata.labels })),
    ...strangers,
  ];
  return all.some((pod) => pod.namespace === namespace && matches(pod.labels, selector));
}

test('no secret is in dist/, only references to what the cluster makes itself', () => {
  expect(ofKind('Secret')).toEqual([]);
  const env = pods.flatMap((pod) => pod.spec.containers[0].env ?? []);
  const suspicious = env.filter(
    ({ name, value }: { name: string; value?: string }) =>
      /SECRET|TOKEN|PASSWORD|KEY/.test(name) &&
      value !== undefined &&
      !/(?:^|:)\/|^true$|^false$|^\d+$/.test(value),
  );
  expect(suspicious).toEqual([]);
});

test('no name or label changes because code moved', () => {
  for (const text of files.values()) expect(text).not.toContain('cdk8s.io/');
  const names = objects.flatMap(({ metadata }) => [metadata.name, ...Object.values(metadata.labels ?? {})]);
  const labels = pods.flatMap((pod) => Object.values(pod.metadata.labels));
  expect([...names, ...labels].filter((name) => /-?(?:c8)?[0-9a-f]{8}$/.test(name))).toEqual([]);
});

test('Pod Security restricted admits every pod', () => {
  expect(pods.map(({ of }) => of).sort()).toEqual([
    'Deployment ci/api',
    'Job ci/gitea-setup',
    'Job ci/secrets',
    'ScaledJob ci-agents/agent-amd64-m',
    'ScaledJob ci-agents/agent-arm64-l',
    'StatefulSet ci/gitea',
    'StatefulSet ci/redis',
  ]);
  for (const { of, spec } of pods) {
    const seen = {
      of,
      host: [spec.hostNetwork, spec.hostPID, spec.hostIPC, spec.shareProcessNamespace],
      nonRoot: spec.securityContext.runAsNonRoot,
      root: spec.securityContext.runAsUser === 0,
      seccomp: spec.securityContext.seccompProfile,
      token: spec.automountServiceAccountToken,
      volumes: spec.volumes.filter(
        (volume: object) => !Object.keys(volume).some((kind) => restrictedVolumes.includes(kind)),
      ),
      containers: [...spec.containers, ...(spec.initContainers ?? [])].map(
        (container) => container.securityContext,
      ),
    };
    expect(seen).toEqual({
      of,
      host: [undefined, undefined, undefined, undefined],
      nonRoot: true,
      root: false,
      seccomp: { type: 'RuntimeDefault' },
      token: false,
      volumes: [],
      containers: [...spec.containers, ...(spec.initContainers ?? [])].map(() => ({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
        readOnlyRootFilesystem: true,
      })),
    });
  }
});

const restrictedVolumes = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected', 'secret'];

test('every namespace of ours enforces restricted, denies by default and may ask DNS', () => {
  const namespaces = ofKind('Namespace');
  expect(namespaces.map(({ metadata }) => metadata.name)).toEqual(['ci', 'ci-agents', 'keda']);
  for (const { metadata } of namespaces) {
    expect(metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
    const here = policies.filter((policy) => policy.metadata.namespace === metadata.name);
    const deny = here.find((policy) => policy.metadata.name === 'default-deny');
    expect(deny?.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const dns = here.find((policy) => policy.metadata.name === 'dns');
    expect(dns?.spec.egress[0].ports).toEqual([
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ]);
  }
  const used = new Set(objects.flatMap(({ metadata }) => metadata.namespace ?? []));
  // Flux' own, and k3s'.
  used.delete('flux-system');
  used.delete('kube-system');
  expect([...used].sort()).toEqual(namespaces.map(({ metadata }) => metadata.name));
});

test('every network rule states its direction, its protocol and its port', () => {
  for (const { metadata, spec } of policies.filter((policy) => policy.metadata.name !== 'default-deny')) {
    const direction = metadata.name.endsWith('-in') ? 'Ingress' : 'Egress';
    expect([metadata.name, spec.policyTypes]).toEqual([metadata.name, [direction]]);
    const rules = [...(spec.ingress ?? []), ...(spec.egress ?? [])];
    expect(rules.length).toBe(1);
    const peers = rules.flatMap((rule) => rule.to ?? rule.from ?? []);
    expect(peers.length).toBeGreaterThan(0);
    for (const peer of peers) expect(peer.ipBlock ?? peer.podSelector.matchLabels).toBeDefined();
    for (const { port, protocol } of rules.flatMap((rule) => rule.ports)) {
      expect(port).toBeGreaterThan(0);
      expect(['TCP', 'UDP']).toContain(protocol);
    }
  }
});

test('every edge has both its ends, and each end is somebody', () => {
  const ours = new Set(ofKind('Namespace').map(({ metadata }) => metadata.name));
  for (const { metadata, spec } of policies) {
    expect([metadata.name, hits(metadata.namespace ?? '', spec.podSelector.matchLabels ?? {})]).toEqual([
      metadata.name,
      true,
    ]);
    const [rule] = spec.ingress ?? spec.egress ?? [];
    for (const peer of rule?.to ?? rule?.from ?? []) {
      if (peer.ipBlock !== undefined) continue;
      const namespace = peer.namespaceSelector.matchLabels['kubernetes.io/metadata.name'];
      expect([metadata.name, hits(namespace, peer.podSelector.matchLabels)]).toEqual([metadata.name, true]);
      if (!ours.has(namespace) || !/-(?:in|out)$/.test(metadata.name)) continue;
      const other = metadata.name.replace(/-(in|out)$/, (_, end) => (end === 'in' ? '-out' : '-in'));
      expect([metadata.name, exists('NetworkPolicy', namespace, other)]).toEqual([metadata.name, true]);
    }
  }
});

test('agents reach the api, Gitea and public addresses; not Redis, Kubernetes, metadata or each other', () => {
  const out = policies.filter(
    ({ metadata, spec }) => metadata.namespace === 'ci-agents' && spec.policyTypes.includes('Egress'),
  );
  expect(out.map(({ metadata }) => metadata.name).sort()).toEqual([
    'agent-to-api-out',
    'agent-to-gitea-out',
    'agent-to-internet-out',
    'default-deny',
    'dns',
  ]);
  const internet = out.find(({ metadata }) => metadata.name === 'agent-to-internet-out');
  const [v4] = internet?.spec.egress[0].to ?? [];
  for (const closed of ['10.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.168.0.0/16']) {
    expect(v4.ipBlock.except).toContain(closed);
  }
  const inward = policies.filter(
    ({ metadata, spec }) => metadata.namespace === 'ci-agents' && spec.ingress !== undefined,
  );
  expect(inward).toEqual([]);
  const toRedis = policies.filter(
    ({ metadata, spec }) => metadata.name.endsWith('-in') && matchesRedis(spec),
  );
  expect(toRedis.map(({ metadata }) => metadata.name)).toEqual(['api-to-redis-in', 'keda-to-redis-in']);
});

function matchesRedis(spec: { podSelector: { matchLabels: Record<string, string> } }): boolean {
  return spec.podSelector.matchLabels['app.kubernetes.io/name'] === 'redis';
}

test('every selector of a Service, a workload and a budget hits its pods, on a port they have', () => {
  for (const { metadata, spec } of ofKind('Service')) {
    const behind = pods.filter(
      (pod) => pod.namespace === metadata.namespace && matches(pod.metadata.labels, spec.selector),
    );
    expect([metadata.name, behind.length]).toEqual([metadata.name, 1]);
    const open = behind.flatMap((pod) =>
      pod.spec.containers[0].ports.map((port: { containerPort: number }) => port.containerPort),
    );
    for (const { targetPort } of spec.ports) expect(open).toContain(targetPort);
  }
  for (const kind of ['Deployment', 'StatefulSet', 'PodDisruptionBudget']) {
    for (const { metadata, spec } of ofKind(kind)) {
      expect([kind, metadata.name, hits(metadata.namespace ?? '', spec.selector.matchLabels)]).toEqual([
        kind,
        metadata.name,
        true,
      ]);
    }
  }
  for (const { metadata, spec } of ofKind('Ingress')) {
    const { service } = spec.rules[0].http.paths[0].backend;
    expect(exists('Service', metadata.namespace ?? '', service.name)).toBe(true);
  }
});

const secretKeys: Record<string, readonly string[]> = {
  'ci/bellows': [...generatedKeys, 'users.acl'],
  'ci-agents/redis-keda': ['username', 'password'],
};

test('every Secret, ConfigMap, ServiceAccount, volume and authentication that is named exists', () => {
  for (const { of, namespace, spec, claims } of pods) {
    expect([of, exists('ServiceAccount', namespace, spec.serviceAccountName)]).toEqual([of, true]);
    const volumes = [...spec.volumes.map((volume: { name: string }) => volume.name), ...claims].sort();
    const containers = [...spec.containers, ...(spec.initContainers ?? [])];
    const mounts = containers.flatMap(({ volumeMounts }) => volumeMounts).map(({ name }) => name);
    expect([of, [...new Set(mounts)].sort()]).toEqual([of, volumes]);
    for (const { secret, configMap } of spec.volumes) {
      if (configMap !== undefined)
        expect([of, exists('ConfigMap', namespace, configMap.name)]).toEqual([of, true]);
      for (const { key } of secret?.items ?? [])
        expect(secretKeys[`${namespace}/${secret.secretName}`]).toContain(key);
    }
  }
  for (const { metadata, spec } of ofKind('TriggerAuthentication')) {
    for (const { name, key } of spec.secretTargetRef)
      expect(secretKeys[`${metadata.namespace}/${name}`]).toContain(key);
  }
  for (const { metadata, spec } of ofKind('ScaledJob')) {
    const { authenticationRef } = spec.triggers[0];
    expect(exists('TriggerAuthentication', metadata.namespace ?? '', authenticationRef.name)).toBe(true);
  }
  for (const { metadata, roleRef, subjects } of ofKind('RoleBinding')) {
    expect(exists(roleRef.kind, metadata.namespace ?? '', roleRef.name)).toBe(true);
    for (const { kind, namespace, name } of subjects) expect(exists(kind, namespace, name)).toBe(true);
  }
});

test('every image is pinned, and in one place', () => {
  const known: string[] = Object.values(pins);
  for (const { of, spec } of pods) {
    const { image } = spec.containers[0];
    const own = /^localhost\/bellows\/(?:api|agent):\d+\.\d+\.\d+$/.test(image);
    expect([of, known.includes(image) || own]).toEqual([of, true]);
  }
  for (const image of known)
    expect(image).toMatch(/^[a-z.]+\/[a-z0-9_/]+:v?\d+\.\d+(?:\.\d+)?(?:-[a-z-]+)?$/);
});

test('whoever can read or write a Secret can do so by name only', () => {
  const rules = ofKind('Role').flatMap(({ rules }) => rules);
  expect(ofKind('ClusterRole')).toEqual([]);
  const open = rules.filter(({ resourceNames }) => resourceNames === undefined).map(({ verbs }) => verbs);
  expect(open).toEqual([['create'], ['create'], ['create']]);
});

test('Flux applies each unit after those it names, without a circle, and waits for it', () => {
  const units = ofKind('Kustomization').filter(({ metadata }) => metadata.name !== 'units');
  const folders = new Set(rendered.map(({ path }) => path.split('/')[2]));
  expect(new Set([...units.map(({ metadata }) => metadata.name), 'flux', 'bootstrap'])).toEqual(folders);
  for (const { metadata, spec } of units) {
    expect(spec).toMatchObject({ prune: true, wait: true, timeout: '10m' });
    expect(files.has(`${spec.path.replace('./dist/', '')}/${firstFile(metadata.name)}`)).toBe(true);
  }
  // As Flux does it: what has nothing to wait for is next. In a circle, nothing is.
  const applied = new Set<string>();
  const isNext = ({ metadata, spec }: KubeObject) =>
    !applied.has(metadata.name) &&
    (spec.dependsOn ?? []).every(({ name }: { name: string }) => applied.has(name));
  for (let next = units.find(isNext); next !== undefined; next = units.find(isNext))
    applied.add(next.metadata.name);
  expect([...applied].sort()).toEqual(units.map(({ metadata }) => metadata.name).sort());
});

function firstFile(unit: string): string {
  const path = [...files.keys()].find((file) => file.split('/')[2] === unit);
  return path?.split('/')[3] ?? '';
}

test('no Kustomization applies itself', () => {
  for (const { path, object } of rendered.filter(({ object }) => object.kind === 'Kustomization')) {
    expect(`./dist/${path}`.startsWith(`${object.spec.path}/`)).toBe(false);
  }
});

test('what carries data is never pruned', () => {
  const carriers = [...ofKind('StatefulSet'), ...ofKind('Namespace'), ...ofKind('PersistentVolumeClaim')];
  for (const { metadata } of carriers) {
    expect(metadata.annotations).toMatchObject({ 'kustomize.toolkit.fluxcd.io/prune': 'disabled' });
  }
});

test('the quota has room for every pool at its maximum, and little more', () => {
  const [quota] = ofKind('ResourceQuota');
  const most = ofKind('ScaledJob').reduce((sum, { spec }) => sum + spec.maxReplicaCount, 0);
  expect(Number(quota?.spec.hard.pods)).toBeGreaterThanOrEqual(most);
  expect(Number(quota?.spec.hard.pods)).toBeLessThanOrEqual(most * 1.1 + ofKind('ScaledJob').length);
});
