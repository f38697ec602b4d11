import { expect, test } from '@jest/globals';
import { toDatabase } from '../../charts/database.ts';
import { parsePlatform } from '../../charts/platform-file.ts';
import { buildPlatform, toUnits } from '../../charts/units.ts';

const toText = (server: string, more = '') =>
  `clusters: {home: {gitea: {database: postgres, postgres: {server: {${server}}}}, backup: {volume: 1Gi}, ${more} pools: {m: {arch: amd64, max: 1}}}}`;

function render(server: string, more = '') {
  const [built] = buildPlatform(parsePlatform(toText(server, more), 'platform.yaml'), toUnits);
  // biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
  const objects = (built?.objects ?? []).map(({ object }) => object as any);
  const find = (kind: string, name: string) =>
    objects.find((one) => one.kind === kind && one.metadata.name === name);
  const toEnv = ({ env }: { env: { name: string; value: string }[] }) =>
    Object.fromEntries(env.map(({ name, value }) => [name, value]));
  const gitea = find('StatefulSet', 'gitea').spec.template.spec;
  const copy = find('CronJob', 'backup-postgres').spec.jobTemplate.spec.template.spec;
  return {
    find,
    gitea: toEnv(gitea.containers[0]),
    copy: toEnv(copy.initContainers[0]),
    files: [gitea, copy].map(
      ({ volumes }) => volumes.find(({ name }: { name: string }) => name === 'database').secret,
    ),
    edges: ['gitea', 'gitea-setup', 'backup-postgres'].map(
      (name) => find('NetworkPolicy', `${name}-to-postgres-out`).spec.egress,
    ),
  };
}

test('a PostgreSQL of others is asked for by its own name, with its own authority, and none is rendered', () => {
  const server = 'host: db.example.org, port: 6432, user: ci@acme, name: forge, credentials: db';
  const { find, gitea, copy, files, edges } = render(`${server}, addresses: [192.168.7.9/32]`);
  expect(find('StatefulSet', 'postgres')).toBeUndefined();
  expect(gitea).toMatchObject({
    GITEA__database__HOST: 'db.example.org:6432',
    GITEA__database__NAME: 'forge',
    GITEA__database__USER: 'ci@acme',
    GITEA__database__SSL_MODE: 'verify-full',
    GITEA__database__PASSWD__FILE: '/run/secrets/database/password',
    PGSSLROOTCERT: '/run/secrets/database/ca.crt',
  });
  expect(copy).toEqual({
    PGDATABASE: 'forge',
    PGHOST: 'db.example.org',
    PGPORT: '6432',
    PGSSLMODE: 'verify-full',
    PGSSLROOTCERT: '/run/secrets/database/ca.crt',
    PGUSER: 'ci@acme',
  });
  for (const { secretName, items } of files)
    expect([secretName, items.map(({ key }: { key: string }) => key)]).toEqual([
      'db',
      ['password', 'ca.crt'],
    ]);
  for (const egress of edges)
    expect(egress).toEqual([
      { to: [{ ipBlock: { cidr: '192.168.7.9/32' } }], ports: [{ port: 6432, protocol: 'TCP' }] },
    ]);
});

test('one of this cluster is reached in its namespace, one without an address of its own among public ones', () => {
  const [here] = render('host: pg-rw.databases.svc, credentials: db').edges;
  expect(here).toMatchObject([
    {
      to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'databases' } } }],
      ports: [{ port: 5432 }],
    },
  ]);
  const [there] = render('host: db.example.org, credentials: db').edges;
  expect(there[0].to[0].ipBlock.except).toContain('10.0.0.0/8');
});

test.each(['require', 'disable'])(
  'with %s nobody has to prove who it is, and no authority is asked for',
  (tls) => {
    const { gitea, copy, files } = render(`host: db.example.org, credentials: db, tls: ${tls}`);
    expect([gitea.PGSSLROOTCERT, copy.PGSSLROOTCERT]).toEqual([undefined, undefined]);
    expect([gitea.GITEA__database__SSL_MODE, copy.PGSSLMODE]).toEqual([tls, tls]);
    expect(files[0].items).toHaveLength(1);
  },
);

test('its Secret comes from where the platform says: a person, a sealed file, or a store', () => {
  const server = 'host: db.example.org, credentials: db';
  expect(render(server).find('ExternalSecret', 'db')).toBeUndefined();
  const fetched = render(server, 'secrets: {store: vault, each: {db: external}},');
  expect(fetched.find('ExternalSecret', 'db').spec.data.map((one: object) => one)).toEqual([
    { secretKey: 'password', remoteRef: { key: 'bellows/db', property: 'password' } },
    { secretKey: 'ca.crt', remoteRef: { key: 'bellows/db', property: 'ca.crt' } },
  ]);
});

test.each([
  ['host: "db.example.org:5432", credentials: db', 'expected a host such as'],
  ['host: db.example.org', 'credentials'],
  ['host: db.example.org, credentials: db, tls: prefer', 'verify-full'],
  ['host: db.example.org, credentials: db, password: x', 'password'],
  ['host: "a b; rm", credentials: db', 'expected a host such as'],
])('%s is refused', (server, says) => {
  expect(() => parsePlatform(toText(server), 'platform.yaml')).toThrow(says);
});

test('a server is none of SQLite', () => {
  const text = toText('host: db.example.org, credentials: db').replace(
    'database: postgres',
    'database: sqlite',
  );
  expect(() => parsePlatform(text, 'platform.yaml')).toThrow('postgres.server names one');
  const plain = parsePlatform('clusters: {home: {pools: {m: {arch: amd64, max: 1}}}}', 'platform.yaml');
  expect(plain.clusters.home && toDatabase(plain.clusters.home)).toBeUndefined();
});
