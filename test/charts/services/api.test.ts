import { expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import { Edges } from '../../../charts/network/edges.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { toWorld } from '../../../charts/review/world.ts';
import { Api } from '../../../charts/services/api.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';
import { apiConfigSchema } from '../../../services/api/config.ts';

function render(archive?: object) {
  const { home } = platformSchema.parse({
    clusters: { home: { archive, pools: { 'amd64-m': { arch: 'amd64', max: 1 } } } },
  }).clusters;
  if (home === undefined) throw new Error('no cluster');
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const objects: any[] = [...new Api(new App(), home).toJson(), ...new Edges(new App(), home).toJson()];
  const pod = objects.find(({ kind }) => kind === 'Deployment').spec.template.spec;
  const [container] = pod.containers;
  const env = Object.fromEntries(
    container.env.map(({ name, value }: { name: string; value: string }) => [name, value]),
  );
  return { objects, pod, container, env };
}
const named = (objects: { metadata: { name: string } }[], name: string) =>
  objects.find(({ metadata }) => metadata.name === name) as unknown;

test('a mirror is named to the api, with its pool, and one whose jobs would run nowhere is refused by its place', () => {
  const parse = (mirror: string, pools = 'm: {arch: amd64, max: 1}, l: {arch: arm64, max: 1}') =>
    parsePlatform(
      `clusters: {home: {gitea: {mirrors: [{from: "https://github.com/acme/site.git", owner: acme${mirror}}]}, pools: {${pools}}}}`,
      'platform.yaml',
    ).clusters.home;
  const toEnv = (home: ReturnType<typeof parse>) => {
    if (home === undefined) throw new Error('no cluster');
    // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
    const deployment: any = new Api(new App(), home).toJson().find(({ kind }) => kind === 'Deployment');
    const { env } = deployment.spec.template.spec.containers[0];
    return env.find(({ name }: { name: string }) => name === 'BELLOWS_REPOSITORIES')?.value;
  };
  expect(toEnv(parse(', pool: l'))).toBe('gitea/acme/site=l');
  expect(toEnv(parse(', name: web', 'm: {arch: amd64, max: 1}'))).toBe('gitea/acme/web=m');
  expect(() => parse('')).toThrow(
    /gitea\.mirrors\.0 is .*expected a pool of the cluster for its jobs: pool: l, or m/,
  );
  expect(() => parse(', pool: x')).toThrow(/gitea\.mirrors\.0\.pool is .*expected a pool/);
});

test('without an archive nothing is said of one', () => {
  const { objects, env } = render();
  expect(Object.keys(env).filter((name) => /STORE|DAYS/.test(name))).toEqual([]);
  expect(named(objects, 'api-to-bucket-out')).toBeUndefined();
});

test('a volume is claimed, mounted for writing, and named to the api', () => {
  const { objects, pod, container, env } = render({ volume: '20Gi', days: 30 });
  expect(env).toMatchObject({ BELLOWS_STORE: '/var/lib/bellows/store', BELLOWS_LOG_DAYS: '30' });
  expect(container.volumeMounts).toContainEqual({ name: 'store', mountPath: '/var/lib/bellows/store' });
  expect(pod.volumes).toContainEqual({ name: 'store', persistentVolumeClaim: { claimName: 'api-store' } });
  expect(named(objects, 'api-store')).toMatchObject({
    spec: { storageClassName: 'local-path', resources: { requests: { storage: '20Gi' } } },
  });
});

test('caches are kept where a part of the archive is theirs, and nowhere else', () => {
  expect(render({ volume: '20Gi', days: 30 }).env).not.toHaveProperty('BELLOWS_CACHE_GIB');
  expect(render({ volume: '20Gi', days: 30, caches: '15Gi' }).env).toMatchObject({ BELLOWS_CACHE_GIB: '15' });
});

test.each([
  ['https://s3.example.org/logs', undefined, 443, '0.0.0.0/0'],
  ['http://192.168.1.10:9000/logs/ci', ['192.168.1.10/32'], 9000, '192.168.1.10/32'],
])('the bucket %s is reached with its key, on its port only', (url, addresses, port, cidr) => {
  const { objects, pod, env } = render({ bucket: { url, addresses, credentials: 'bucket', region: 'eu-1' } });
  expect(env).toMatchObject({ BELLOWS_STORE: url, BELLOWS_STORE_REGION: 'eu-1', BELLOWS_LOG_DAYS: '90' });
  expect(apiConfigSchema.shape.BELLOWS_STORE.parse(env.BELLOWS_STORE)).toBe(url);
  const { projected } = pod.volumes.find(({ name }: { name: string }) => name === 'secrets');
  expect(projected.sources.at(-1)).toEqual({
    secret: {
      name: 'bucket',
      items: ['s3-access-key', 's3-secret-key'].map((key) => ({ key, path: key })),
    },
  });
  expect(named(objects, 'api-to-bucket-out')).toMatchObject({
    spec: {
      egress: [
        {
          to: [
            expect.objectContaining({ ipBlock: expect.objectContaining({ cidr }) }),
            ...(addresses === undefined ? [expect.anything()] : []),
          ],
          ports: [{ port, protocol: 'TCP' }],
        },
      ],
    },
  });
});

test.each([[{}], [{ volume: '1Gi', bucket: { url: 'https://s3.example.org/logs', credentials: 'bucket' } }]])(
  'an archive is one thing: %j is refused',
  (archive) => expect(() => render(archive)).toThrow('expected either a volume or a bucket'),
);

test.each([
  's3.example.org/logs',
  'https://s3.example.org',
  'https://key:secret@s3.example.org/logs',
  'https://s3.example.org/logs?x',
])('the bucket %j is refused', (url) =>
  expect(() => render({ bucket: { url, credentials: 'bucket' } })).toThrow('expected an endpoint'),
);

test('a scaler says how many replicas there are, and the quota counts what it may make', () => {
  const text = 'clusters: {home: {api: {replicas: 2, most: 5}, pools: {m: {arch: amd64, max: 1}}}}';
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  expect(checkPlatform([built]).filter(({ level }) => level === 'error')).toEqual([]);
  const world = toWorld(built);
  expect(world.find('HorizontalPodAutoscaler ci/api')?.object).toMatchObject({
    spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'api' } },
  });
  const pods = world.pods.find(({ item }) => item.id === 'Deployment ci/api');
  // One more while they are rolled.
  expect([pods?.item.object.spec.replicas, pods?.most]).toEqual([undefined, 6]);
  for (const wrong of ['replicas: 1, most: 3', 'replicas: 3, most: 3'])
    expect(() => parsePlatform(text.replace('replicas: 2, most: 5', wrong), 'platform.yaml')).toThrow(
      'expected more than "replicas"',
    );
});
