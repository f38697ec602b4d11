import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import type { IConstruct } from 'constructs';
import fc from 'fast-check';
import { writeTree } from '../../charts/constructs/write.ts';
import { type Cluster, toPlatformJsonSchema } from '../../charts/platform.ts';
import { parsePlatform, readPlatform } from '../../charts/platform-file.ts';
import { checkPlatform } from '../../charts/review/check.ts';
import { toLine } from '../../charts/review/finding.ts';
import { buildPlatform, renderPlatform, toUnits } from '../../charts/units.ts';
import { expectCommitted, readTree, root } from './committed.ts';
import { everything, features, otherwise, plain } from './everything.ts';

const dist = renderPlatform(readPlatform(join(root, 'platform.yaml')), toUnits);

let scratch: string | undefined;
afterEach(() => {
  if (scratch !== undefined) rmSync(scratch, { recursive: true });
  scratch = undefined;
});

test('dist/ is what the platform file and the charts say', () => {
  expectCommitted('dist', dist);
});

/** As if the code had made the children of every construct in another order. */
function shuffle(construct: IConstruct, random: () => number): void {
  for (const child of construct.node.children) shuffle(child, random);
  // Private to the library, whose order of children is that of the code and cannot be asked for otherwise.
  const children = Object.entries(Reflect.get(construct.node, '_children') ?? {});
  const keys = children.map((entry) => ({ entry, key: random() }));
  keys.sort((a, b) => a.key - b.key);
  Reflect.set(construct.node, '_children', Object.fromEntries(keys.map(({ entry }) => entry)));
}

test('for all orders in which units, charts, constructs and pools are made, the tree is the same', () => {
  const platform = readPlatform(join(root, 'platform.yaml'));
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })), (numbers) => {
      const random = () => Number(numbers.next().value);
      const inAnyOrder = <T>(list: readonly T[]): T[] =>
        list
          .map((one) => ({ one, key: random() }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
      const { home } = platform.clusters;
      if (home === undefined) throw new Error('the example has no cluster "home"');
      const pools = Object.fromEntries(inAnyOrder(Object.entries(home.pools)));
      const other = renderPlatform({ ...platform, clusters: { home: { ...home, pools } } }, (cluster) =>
        inAnyOrder(toUnits(cluster)).map((unit) => ({
          ...unit,
          build: (app) => {
            unit.build(app);
            shuffle(app, random);
          },
        })),
      );
      expect(Object.fromEntries(other)).toEqual(Object.fromEntries(dist));
    }),
    { numRuns: 5 },
  );
});

/** A setting, changed alone, and the files of the cluster that may differ for it. */
const settings: Record<string, [settings: string, files: string[]]> = {
  'signing in elsewhere': [
    'signIn: {issuer: "https://id.example.org", clientId: x, roles: "view=*"}',
    ['services/api'],
  ],
  'signing in at our own Gitea': [
    'signIn: {issuer: "https://git.home.arpa", clientId: x, roles: "view=*"}',
    ['network/edges', 'services/api'],
  ],
  'signing in at our own Gitea, which is told by itself': [
    'signIn: {roles: "view=*"}',
    ['forge/setup', 'network/edges', 'services/api'],
  ],
  'an archive on a volume': ['archive: {volume: 5Gi}', ['services/api']],
  'an archive in a bucket': [
    'archive: {bucket: {url: "https://s3.example.org/logs", credentials: s3}}',
    ['network/edges', 'services/api'],
  ],
  'traces to a collector of the cluster': [
    'tracing: {endpoint: "http://collector.monitoring.svc:4318"}',
    ['network/edges', 'services/api'],
  ],
  'traces to a public collector': [
    'tracing: {endpoint: "https://otlp.example.org"}',
    ['network/edges', 'scaling/pools', 'services/api'],
  ],
  'a certificate': ['certificate: wildcard', ['forge/gitea', 'services/api']],
  'an App of GitHub': ['github: {app: 31415}', ['services/api']],
  'a registry': ['registry: git.home.arpa/bellows', ['home/registries', 'scaling/pools', 'services/api']],
  'three servers': ['k3s: {servers: 3}', ['add-ons/traefik', 'home/further-server', 'home/server']],
  'secrets of a store': [
    'secrets: {from: external, store: vault}',
    ['external-secrets/fetched', 'flux/kustomizations', 'services/api'],
  ],
  'one secret of a store': ['secrets: {store: vault, each: {bellows-forges: external}}', ['services/api']],
  'one sealed secret': [
    `secrets: {recipients: [age1${'q'.repeat(58)}], each: {bellows-forges: sealed}}`,
    ['bootstrap/bootstrap', 'flux/kustomizations'],
  ],
  'a Prometheus by its operator': [
    'monitoring: {by: operator}',
    ['flux/kustomizations', 'monitoring/monitoring', 'services/api'],
  ],
  'a Prometheus by annotations': [
    'monitoring: {by: annotations}',
    ['flux/kustomizations', 'monitoring/monitoring', 'services/api'],
  ],
  'replicas of the api that grow': ['api: {most: 4}', ['services/api']],
  'labels of machines': ['k3s: {labels: {room: cellar}}', ['home/agent', 'home/server']],
  'a mirror of a registry': [
    'k3s: {mirrors: {docker.io: ["https://mirror.home.arpa"]}}',
    ['home/registries'],
  ],
  'shares of GPUs that no pool has': ['gpu: {shares: 2}', []],
  'the clock of quiet hours that no pool has': ['timeZone: Europe/Berlin', []],
  'a storage class': ['storageClass: fast', ['data/redis', 'forge/gitea']],
  'a push that Flux hears of': [
    'flux: {receiver: gitea}',
    ['flux/kustomizations', 'forge/gitea', 'forge/setup', 'notifications/receiver', 'secrets/secrets'],
  ],
  'a push elsewhere that Flux hears of': [
    'flux: {receiver: https}',
    ['flux/kustomizations', 'notifications/receiver', 'secrets/secrets'],
  ],
  'alerts of Flux': ['flux: {alerts: {to: discord}}', ['flux/kustomizations', 'notifications/alerts']],
  'where the nodes are': ['nodes: [192.168.7.0/24]', ['network/edges']],
  'memory of Redis': ['redis: {memory: 1Gi}', ['data/redis']],
  'three of Redis': [
    'redis: {servers: 3}',
    ['data/redis', 'network/edges', 'scaling/pools', 'secrets/secrets', 'services/api'],
  ],
  'an exporter of Redis': ['redis: {exporter: true}', ['data/redis', 'secrets/secrets']],
  'a mirror': [
    'gitea: {mirrors: [{from: "https://github.com/acme/site", owner: acme}]}',
    ['forge/setup', 'network/edges', 'services/api'],
  ],
  'PostgreSQL for Gitea': [
    'gitea: {database: postgres}',
    ['data/postgres', 'forge/gitea', 'forge/setup', 'network/edges', 'secrets/secrets'],
  ],
  'a PostgreSQL elsewhere for Gitea': [
    'gitea: {database: postgres, postgres: {server: {host: db.example.org, credentials: db}}}',
    ['forge/gitea', 'forge/setup', 'network/edges'],
  ],
  'Gitea by SSH': ['gitea: {ssh: true}', ['forge/gitea', 'forge/setup', 'network/edges']],
  'copies on volumes': [
    'backup: {volume: 20Gi}',
    ['backup/backup', 'data/redis', 'flux/kustomizations', 'network/edges', 'secrets/secrets'],
  ],
  'memory of Gitea': ['gitea: {memory: 2Gi}', ['forge/gitea']],
  'organisations of Gitea': ['gitea: {organizations: [acme]}', ['forge/setup']],
  'replicas of the api': ['api: {replicas: 3}', ['services/api']],
};

test.each(Object.entries(settings))('%s changes its own files and no other', (_, [text, expected]) => {
  const of = (more: string) =>
    renderPlatform(
      parsePlatform(
        `clusters:\n  home:\n    pools: {m: {arch: amd64, max: 1}}\n    ${more}\n`,
        'platform.yaml',
      ),
      toUnits,
    );
  const [without, having] = [of(''), of(text)];
  expect([...having.keys()]).toEqual(expect.arrayContaining([...without.keys()]));
  const changed = [...having].filter(([path, made]) => without.get(path) !== made).map(([path]) => path);
  expect(changed.map((path) => path.replace(/^(?:clusters\/home|hosts)\/(.+)\.yaml$/, '$1')).sort()).toEqual(
    expected,
  );
});

/** What a feature changes beyond the files of its rows above, where others are on: what it has in common with them. */
const shared: Record<string, string[]> = {
  registry: ['backup/backup'],
  timeZone: ['quiet/quiet'],
  nodes: ['quiet/quiet'],
  gpu: ['add-ons/gpus'],
  k3s: ['home/gpu-agent', 'home/gpu-server'],
  redis: ['backup/backup', 'monitoring/monitoring'],
  gitea: ['backup/backup'],
  flux: ['backup/backup'],
};

test('each feature off alone, where all others are on, changes only its own files', () => {
  const all = renderPlatform(everything(), toUnits);
  const found = Object.keys(features).map((feature) => {
    const left = renderPlatform(everything(feature), toUnits);
    const rows = Object.values(settings).filter(([text]) => text.startsWith(`${feature}:`));
    const own = new Set([...rows.flatMap(([, files]) => files), ...(shared[feature] ?? [])]);
    const changed = [...new Set([...all.keys(), ...left.keys()])]
      .filter((path) => all.get(path) !== left.get(path))
      .map((path) => path.replace(/^(?:clusters\/home|hosts)\/(.+)\.yaml$/, '$1'));
    return [feature, changed.filter((path) => !own.has(path)).sort()] as const;
  });
  expect(found.filter(([, others]) => others.length > 0)).toEqual([]);
});

test('every setting of a cluster is such a feature, has a row above, or is what a cluster has in any case', () => {
  const { home } = everything().clusters;
  expect(Object.keys(home ?? {}).sort()).toEqual(expect.arrayContaining(Object.keys(features).sort()));
  const schema = JSON.parse(toPlatformJsonSchema()) as {
    properties: { clusters: { additionalProperties: { properties: object } } };
  };
  const known = Object.keys(schema.properties.clusters.additionalProperties.properties);
  const rows = Object.values(settings).map(([text]) => text.split(':')[0] ?? '');
  const covered = new Set(['extends', ...Object.keys(features), ...plain, ...rows]);
  expect(known.filter((key) => !covered.has(key))).toEqual([]);
});

test.each([
  ['on', features],
  ['on the other way', { ...features, ...otherwise }],
])('with every feature %s, nothing is wrong with what is rendered', (_, on) => {
  const built = buildPlatform(everything(undefined, on), toUnits);
  const found = checkPlatform(built).filter(({ level }) => level === 'error');
  expect(found.map((one) => toLine(one))).toEqual([]);
});

test('a unit, a chart and a cluster that are no longer there leave no file', () => {
  scratch = mkdtempSync(join(tmpdir(), 'bellows-synth-'));
  const folder = join(scratch, 'dist');
  const platform = readPlatform(join(root, 'platform.yaml'));
  const { home } = platform.clusters;
  if (home === undefined) throw new Error('the example has no cluster "home"');
  writeTree(folder, renderPlatform({ ...platform, clusters: { home, lab: home } }, toUnits));
  const withoutScaling = (cluster: Cluster) => toUnits(cluster).filter(({ name }) => name !== 'scaling');
  writeTree(folder, renderPlatform({ ...platform, clusters: { home } }, withoutScaling));
  const left = [...readTree(folder).keys()];
  expect(left).toEqual([...dist.keys()].filter((path) => !path.includes('/scaling/')).sort());
  expect(readdirSync(join(folder, 'clusters'))).toEqual(['home']);
  expect(readdirSync(join(folder, 'clusters', 'home'))).not.toContain('scaling');
});

test('each cluster has a tree of its own, and shares no file with another', () => {
  const platform = readPlatform(join(root, 'platform.yaml'));
  const { home } = platform.clusters;
  if (home === undefined) throw new Error('the example has no cluster "home"');
  const two = renderPlatform(
    { ...platform, clusters: { home, lab: { ...home, domain: 'lab.arpa' } } },
    toUnits,
  );
  const own = (name: string) =>
    [...two].filter(([path]) => new RegExp(`^(?:clusters|hosts)/${name}/`).test(path));
  expect(own('home')).toEqual([...dist]);
  expect(own('lab').length).toBe(dist.size);
  expect(own('lab').filter(([, text]) => text.includes('home.arpa'))).toEqual([]);
  expect(two.size).toBe(2 * dist.size);
});

test('a repository and a certificate of your own are used where they are named', () => {
  const text = `
source: {url: "https://git.example.org/me/platform", branch: live, credentials: deploy-key}
clusters: {home: {domain: example.org, certificate: wildcard, pools: {m: {arch: arm64, max: 1}}}}`;
  const files = renderPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  expect(files.get('clusters/home/bootstrap/bootstrap.yaml')).toContain(
    'url: https://git.example.org/me/platform',
  );
  expect(files.get('clusters/home/bootstrap/bootstrap.yaml')).toContain('name: deploy-key');
  expect(files.get('clusters/home/services/api.yaml')).toContain('secretName: wildcard');
  expect(files.get('clusters/home/forge/gitea.yaml')).toContain('- git.example.org');
});
