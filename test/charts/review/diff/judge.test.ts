import { expect, test } from '@jest/globals';
import { type Danger, diffRules, judge } from '../../../../charts/review/diff/judge.ts';
import type { Tree } from '../../../../charts/review/diff/tree.ts';
import { blockingRules } from '../../../../charts/settings/waiver.ts';
import { edit, example, inCluster, type Mutable, withObject, without } from './example.ts';

const say = ({ rule, level, object, at, message }: Danger) =>
  `${level} ${rule}: ${[object, at, message].filter((part) => part !== '').join(' ')}`;
const dangersOf = (after: Tree, before: Tree = example) => judge(before, after).dangers.map(say);
const edited = (id: string, mutate: (object: Mutable) => void) => dangersOf(edit(example, id, mutate));

test('a tree against itself changes nothing and is in no danger', () => {
  expect(judge(example, structuredClone(example))).toEqual({ dangers: [], edits: [] });
});

test('the rules that block are those that can be waived', () => {
  expect(diffRules.filter(({ level }) => level === 'block').map(({ name }) => name)).toEqual([
    ...blockingRules,
  ]);
});

test.each<[string, string, (object: Mutable) => void, string[]]>([
  [
    'the selector of a Deployment',
    'Deployment ci/api',
    ({ spec }) => {
      spec.selector.matchLabels.more = 'x';
      spec.template.metadata.labels.more = 'x';
    },
    [
      'block immutable: Deployment ci/api spec.selector.matchLabels.more cannot be changed',
      'look rollout: Deployment ci/api spec.template its pods restart',
    ],
  ],
  [
    'the volume of a StatefulSet',
    'StatefulSet ci/redis',
    ({ spec }) => (spec.volumeClaimTemplates[0].spec.resources.requests.storage = '8Gi'),
    [
      'block immutable: StatefulSet ci/redis spec.volumeClaimTemplates[data].spec.resources.requests.storage cannot be changed',
    ],
  ],
  [
    'what a binding grants',
    'RoleBinding ci/secrets',
    ({ roleRef }) => (roleRef.name = 'other'),
    [
      'block immutable: RoleBinding ci/secrets roleRef.name cannot be changed',
      'block widened-access: RoleBinding ci/secrets subjects lets ServiceAccount ci/secrets do all of the role other, in ci',
    ],
  ],
  [
    "a Service's selector",
    'Service ci/api',
    ({ spec }) => (spec.selector['app.kubernetes.io/name'] = 'apy'),
    ['block selector-drift: Service ci/api spec it no longer selects Deployment ci/api'],
  ],
  [
    'a verb',
    'Role ci/secrets',
    ({ rules }) => rules[0].verbs.push('delete'),
    [
      expect.stringMatching(
        /^block widened-access: Role ci\/secrets rules lets ServiceAccount ci\/secrets delete secrets/,
      ),
    ] as unknown as string[],
  ],
  [
    'a port',
    'NetworkPolicy ci/api-to-redis-in',
    ({ spec }) => spec.ingress[0].ports.push({ port: 22, protocol: 'TCP' }),
    [
      'block opened-network: NetworkPolicy ci/api-to-redis-in spec.ingress[0] pods app.kubernetes.io/name=redis may now be reached from pods app.kubernetes.io/name=api of namespace ci on TCP 22',
    ],
  ],
  [
    'a list of peers that becomes empty, which means everybody',
    'NetworkPolicy ci/api-to-redis-in',
    ({ spec }) => (spec.ingress[0].from = []),
    [
      'block opened-network: NetworkPolicy ci/api-to-redis-in spec.ingress[0] pods app.kubernetes.io/name=redis may now be reached from everybody on TCP 6379',
    ],
  ],
  [
    'an image',
    'Deployment ci/api',
    ({ spec }) => (spec.template.spec.containers[0].image = 'localhost/bellows/api:0.2.0'),
    [
      'look rollout: Deployment ci/api spec.template its pods restart: localhost/bellows/api:0.1.0 to localhost/bellows/api:0.2.0',
    ],
  ],
  [
    'the version of a chart',
    'HelmRelease keda/keda',
    ({ spec }) => (spec.chart.spec.version = '2.30.0'),
    ['look reinstalled: HelmRelease keda/keda spec.chart.spec.version goes from 2.20.2 to 2.30.0'],
  ],
  ['the number of replicas', 'Deployment ci/api', ({ spec }) => (spec.replicas = 3), []],
  [
    'the template of a Job that Flux makes anew',
    'Job ci/secrets',
    ({ spec }) => (spec.template.spec.containers[0].image = 'other:1'),
    [],
  ],
])('%s', (_, id, mutate, expected) => {
  expect(edited(id, mutate)).toEqual(expected);
});

test.each([
  [
    'StatefulSet ci/redis',
    'block pruned-state: StatefulSet ci/redis is deleted, its volumes stay behind, with nobody to use them',
  ],
  [
    'HelmRelease keda/keda',
    'block pruned-state: HelmRelease keda/keda is deleted, and with it all that its chart made, perhaps CRDs and their objects',
  ],
  [
    'Kustomization flux-system/data',
    'block pruned-state: Kustomization flux-system/data is deleted, and with it every object that it applied',
  ],
  ['ScaledJob ci-agents/agent-arm64-l', 'look pruned: ScaledJob ci-agents/agent-arm64-l is deleted'],
])('without %s', (id, expected) => {
  const unkept = edit(example, id, ({ metadata }) => delete metadata.annotations);
  expect(dangersOf(without(unkept, id), unkept)).toContain(expected);
});

test('what Flux does not prune stays, and that is said', () => {
  const kept = edit(example, 'StatefulSet ci/redis', ({ metadata }) => {
    metadata.annotations = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
  });
  expect(dangersOf(without(kept, 'StatefulSet ci/redis'), kept)).toEqual([
    'look pruned: StatefulSet ci/redis leaves the tree and stays in the cluster: it is not pruned',
  ]);
});

test('an object that goes to another unit is said to move', () => {
  const after = example.map((placed) =>
    placed.id === 'Service ci/redis' ? { ...placed, unit: 'services' } : placed,
  );
  expect(dangersOf(after)).toEqual(['look moved: Service ci/redis moves from data to services']);
});

test('labels that leave a selector behind are blamed on the workload', () => {
  const after = edit(example, 'Deployment ci/api', ({ spec }) => {
    spec.template.metadata.labels['app.kubernetes.io/name'] = 'apy';
  });
  expect(dangersOf(after)).toContain(
    'block selector-drift: Deployment ci/api spec.template.metadata.labels Service ci/api no longer selects it',
  );
});

test('pods that no policy isolates any more are open, and that is blocked', () => {
  const open = without(
    without(example, 'NetworkPolicy ci-agents/default-deny'),
    'NetworkPolicy ci-agents/dns',
  );
  expect(dangersOf(open)).toContain(
    'block opened-network: NetworkPolicy ci-agents/default-deny ScaledJob ci-agents/agent-amd64-m is no longer isolated: everybody may reach it',
  );
});

const policy = (cidr: string, except: string) => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: out, namespace: ci}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: api}}
  policyTypes: [Egress]
  egress: [{to: [{ipBlock: {cidr: ${cidr}, except: [${except}]}}], ports: [{port: 443, protocol: TCP}]}]`;

test.each([
  ['10.0.0.0/8', '10.1.0.0/16', '10.2.0.0/16', '', true],
  ['10.0.0.0/8', '10.1.0.0/16', '10.1.0.0/16', '', false],
  ['10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0', '10.1.0.0/16', false],
  ['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/9', '10.1.0.0/16', true],
  ['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8', '10.1.2.0/24', false],
  ['10.0.0.0/8', '10.1.0.0/16', '10.0.0.0/8', '10.0.0.0/15', true],
])('%s without %s to %s without %s: narrower or as wide is %s', (cidr, hole, next, nextHole, narrower) => {
  const [before, after] = [policy(cidr, hole), policy(next, nextHole)].map((yaml) =>
    withObject(example, 'network', yaml),
  );
  const found = dangersOf(after ?? [], before).filter((line) => line.includes('opened-network'));
  expect(found.length).toBe(narrower ? 0 : 1);
});

const worker = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: worker, namespace: ci}
spec:
  selector: {matchLabels: {app: worker}}
  template: {metadata: {labels: {app: worker}}, spec: {containers: [{name: worker, image: "worker:1"}]}}`;
const toRedis = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: worker-to-redis-in, namespace: ci}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: redis}}
  policyTypes: [Ingress]
  ingress: [{from: [{podSelector: {matchLabels: {app: worker}}}], ports: [{port: 6379, protocol: TCP}]}]`;

test('a way between ends that were there is blocked; one for a new workload is for a person to weigh', () => {
  const after = withObject(withObject(example, 'services', worker), 'network', toRedis);
  expect(dangersOf(after)).toEqual([
    expect.stringMatching(/^look opened-network: NetworkPolicy ci\/worker-to-redis-in /),
  ]);
  const known = withObject(example, 'services', worker);
  expect(dangersOf(after, known)).toEqual([
    expect.stringMatching(/^block opened-network: NetworkPolicy ci\/worker-to-redis-in /),
  ]);
});

const crd = (schema: string, served = true) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: bells.example.org}
spec:
  group: example.org
  names: {kind: Bell, plural: bells}
  scope: Namespaced
  versions: [{name: v1, served: ${served}, storage: true, schema: {openAPIV3Schema: ${schema}}}]`;
const bell =
  '{type: object, properties: {spec: {type: object, properties: {tone: {type: string, enum: [c, d]}, size: {type: integer}}}}}';

test.each([
  [
    'a field that goes',
    bell.replace(', size: {type: integer}', ''),
    'spec.versions[v1].schema.spec.size is no longer there',
  ],
  [
    'a value that goes',
    bell.replace('[c, d]', '[c]'),
    'spec.versions[v1].schema.spec.tone no longer takes "d"',
  ],
  [
    'a field that must be there',
    bell.replace('{type: object, properties: {tone', '{type: object, required: [size], properties: {tone'),
    'spec.versions[v1].schema.spec now needs size',
  ],
  [
    'another type',
    bell.replace('integer', 'string'),
    'spec.versions[v1].schema.spec.size was integer, and is string',
  ],
])('a CustomResourceDefinition with %s', (_, schema, expected) => {
  const [before, after] = [crd(bell), crd(schema)].map((yaml) => withObject(example, 'add-ons', yaml));
  expect(dangersOf(after ?? [], before)).toEqual([
    `block crd-shrinks: CustomResourceDefinition bells.example.org ${expected}`,
  ]);
});

test('a version that is no longer served, or is gone, is blocked; one more field is not', () => {
  const before = withObject(example, 'add-ons', crd(bell));
  expect(dangersOf(withObject(example, 'add-ons', crd(bell, false)), before)).toEqual([
    'block crd-shrinks: CustomResourceDefinition bells.example.org spec.versions[v1] is no longer served',
  ]);
  const renamed = crd(bell).replace('name: v1', 'name: v2');
  expect(dangersOf(withObject(example, 'add-ons', renamed), before)).toEqual([
    'block crd-shrinks: CustomResourceDefinition bells.example.org spec.versions[v1] is no longer there',
  ]);
  const grown = crd(bell.replace('size:', 'weight: {type: integer}, size:'));
  expect(dangersOf(withObject(example, 'add-ons', grown), before)).toEqual([]);
});

test('the same change in several clusters is said once, and one that is alone by itself', () => {
  const both = [...example, ...inCluster('lab')];
  const after = edit(both, 'Deployment ci/api', ({ spec }) => (spec.replicas = 5));
  expect(judge(both, after).edits).toEqual([
    {
      kind: 'changed',
      object: 'Deployment ci/api',
      clusters: ['home', 'lab'],
      unit: 'services',
      fields: [{ at: 'spec.replicas', before: 2, after: 5 }],
    },
  ]);
  const alone = [
    ...edit(example, 'Deployment ci/api', ({ spec }) => (spec.replicas = 5)),
    ...inCluster('lab'),
  ];
  expect(judge(both, alone).edits.map(({ clusters }) => clusters)).toEqual([['home']]);
});

test("what a Secret's values were or are is not said", () => {
  const secret = (value: string) =>
    withObject(
      example,
      'secrets',
      `{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: ci}, data: {key: ${value}}}`,
    );
  expect(judge(secret('b25l'), secret('dHdv')).edits.flatMap(({ fields }) => fields)).toEqual([
    { at: 'data.key', before: '(a secret)', after: '(a secret)' },
  ]);
});

test('what blocks comes first, then what is to be looked at, and so do the changes', () => {
  const after = edit(
    edit(
      without(example, 'ScaledJob ci-agents/agent-arm64-l'),
      'Deployment ci/api',
      ({ spec }) => (spec.replicas = 7),
    ),
    'Role ci/secrets',
    ({ rules }) => rules[0].verbs.push('delete'),
  );
  const { dangers, edits } = judge(example, after);
  expect(dangers.map(({ level, rule }) => [level, rule])).toEqual([
    ['block', 'widened-access'],
    ['look', 'pruned'],
  ]);
  expect(edits.map(({ object }) => object)).toEqual([
    'Role ci/secrets',
    'ScaledJob ci-agents/agent-arm64-l',
    'Deployment ci/api',
  ]);
});
