import { expect, test } from '@jest/globals';
import { parsePlatform } from '../../../charts/platform-file.ts';
import { checkPlatform } from '../../../charts/review/check.ts';
import { alertKinds } from '../../../charts/settings/flux.ts';
import { buildPlatform, toUnits } from '../../../charts/units.ts';

function build(flux: string, source = '') {
  const text = `source: {${source}}\nclusters: {home: {flux: {${flux}}, pools: {m: {arch: amd64, max: 1}}}}`;
  const [built] = buildPlatform(parsePlatform(text, 'platform.yaml'), toUnits);
  if (built === undefined) throw new Error('no cluster');
  const errors = checkPlatform([built]).filter(({ level }) => level === 'error');
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const objects: any[] = built.objects.map(({ object }) => object);
  return { errors, find: (kind: string) => objects.filter((object) => object.kind === kind), built };
}

test.each(Object.entries(alertKinds))('alerts to %s ask of their Secret %j', (to, keys) => {
  const { errors, find, built } = build(`alerts: {to: ${to}, channel: ops}`);
  expect(errors).toEqual([]);
  expect(find('Provider')).toMatchObject([
    { spec: { type: to, channel: 'ops', secretRef: { name: 'flux-alerts' } } },
  ]);
  expect(find('Alert')).toMatchObject([
    { spec: { providerRef: { name: 'alerts' }, eventSeverity: 'error' } },
  ]);
  const secrets = built.brought.flatMap(({ what }) => what.secrets ?? []);
  expect(secrets).toContainEqual({ namespace: 'flux-system', name: 'flux-alerts', keys });
});

test('a chat that needs a room is refused without one', () => {
  expect(() => build('alerts: {to: telegram}')).toThrow('expected the room or chat to write to');
});

test('a push to our own Gitea reaches Flux inside of the cluster, and nothing outside is opened', () => {
  const { errors, find } = build('receiver: gitea');
  expect(errors).toEqual([]);
  expect(find('Receiver')).toMatchObject([
    {
      spec: {
        type: 'github',
        events: ['ping', 'push'],
        resources: [{ kind: 'GitRepository', name: 'platform' }],
      },
    },
  ]);
  expect(
    find('Ingress')
      .map(({ metadata }) => metadata.name)
      .sort(),
  ).toEqual(['api', 'gitea']);
  expect(find('NetworkPolicy').map(({ metadata }) => metadata.name)).toContain('gitea-to-flux-out');
  const [gitea] = find('StatefulSet').filter(({ metadata }) => metadata.name === 'gitea');
  const [{ value }] = gitea.spec.template.spec.containers[0].env.filter(({ name }: { name: string }) =>
    name.endsWith('ALLOWED_HOST_LIST'),
  );
  expect(value).toBe('api.ci.svc,webhook-receiver.flux-system.svc');
});

const url = 'url: "https://github.com/me/platform"';

test('our own Gitea does not speak for a repository that is elsewhere', () => {
  expect(() => build('receiver: gitea', url)).toThrow(
    'expected "https", since the repository is that of source.url',
  );
});

test('a push elsewhere comes in by HTTPS, to the webhooks and to nothing else of Flux', () => {
  const { errors, find } = build('receiver: https', url);
  expect(errors).toEqual([]);
  const [ingress] = find('Ingress').filter(({ metadata }) => metadata.namespace === 'flux-system');
  expect(ingress.spec.rules).toEqual([
    {
      host: 'flux.home.arpa',
      http: {
        paths: [
          {
            path: '/hook/',
            pathType: 'Prefix',
            backend: { service: { name: 'webhook-receiver', port: { number: 80 } } },
          },
        ],
      },
    },
  ]);
  expect(ingress.metadata.annotations).toEqual({
    'traefik.ingress.kubernetes.io/router.entrypoints': 'websecure',
  });
  expect(find('NetworkPolicy').map(({ metadata }) => metadata.name)).not.toContain('gitea-to-flux-out');
});
