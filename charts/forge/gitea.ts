import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { Brought } from '../constructs/brought.ts';
import { Exposure } from '../constructs/exposure.ts';
import type { ContainerProps, Source } from '../constructs/pod.ts';
import { SecretReference } from '../constructs/secret-reference.ts';
import { Stateful } from '../constructs/stateful.ts';
import { toAuthorityEnv, toDatabase, toServerKeys } from '../database.ts';
import { pins } from '../pins.ts';
import { api, fluxReceiver, gitea, giteaSsh, hostOf, labelsOf, secrets, selectorOf } from '../places.ts';
import type { Cluster } from '../platform.ts';
import type { PlatformKey } from '../secrets/program/generate.ts';

const { name, namespace, port } = gitea;
/** Where people reach it. */
export function giteaHost({ domain }: Cluster): string {
  return `git.${domain}`;
}

const keys = [
  'gitea-secret-key',
  'gitea-internal-token',
  'gitea-jwt-secret',
  'gitea-lfs-jwt-secret',
] as const satisfies PlatformKey[];

/** Where the platform's people push to. SQLite on one volume: enough for a team, and nothing else to look after. */
export class Gitea extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    const host = giteaHost(cluster);
    new Stateful(this, {
      place: gitea,
      storage: cluster.gitea.storage,
      storageClass: cluster.storageClass,
      pod: {
        ...giteaProgram(cluster, { claim: true }),
        user: giteaUser,
        cpu: { request: 0.1 },
        memory: cluster.gitea.memory,
        ...(cluster.gitea.ssh ? { ports: { ssh: giteaSsh.port } } : {}),
        probes: {
          startupProbe: { ...healthy, failureThreshold: 60 },
          readinessProbe: healthy,
          livenessProbe: { ...healthy, failureThreshold: 6 },
        },
        graceSeconds: 60,
      },
    });
    // The api has the same, and comes later.
    if (cluster.certificate !== undefined)
      new SecretReference(this, 'certificate', cluster, {
        namespace,
        name: cluster.certificate,
        keys: ['tls.crt', 'tls.key'],
      });
    this.addServer(cluster);
    if (cluster.gitea.ssh) {
      const labels = labelsOf(name);
      new Brought(this, 'load-balancer', {
        by: "k3s's ServiceLB",
        pods: [
          {
            namespace: 'kube-system',
            labels: { 'svccontroller.k3s.cattle.io/svcname': giteaSsh.name },
            ports: [giteaSsh.port],
          },
        ],
      });
      new k8s.KubeService(this, 'ssh', {
        metadata: { name: giteaSsh.name, namespace, labels },
        spec: {
          type: 'LoadBalancer',
          selector: selectorOf(name),
          ports: [
            {
              name: 'ssh',
              port: giteaSsh.port,
              targetPort: k8s.IntOrString.fromNumber(giteaSsh.port),
              protocol: 'TCP',
            },
          ],
        },
      });
    }
    new Exposure(this, 'exposure', { place: gitea, host, certificate: cluster.certificate });
  }

  /** Of a PostgreSQL that others run: its Secret, and what there is of it in this cluster. */
  private addServer(cluster: Cluster): void {
    const { server } = cluster.gitea.postgres;
    if (server === undefined) return;
    new SecretReference(this, 'database', cluster, {
      namespace,
      name: server.credentials,
      keys: toServerKeys(server),
    });
    const { at, port } = toDatabase(cluster) ?? {};
    if (typeof at !== 'object' || port === undefined) return;
    new Brought(this, 'server', {
      by: 'a person',
      namespaces: [at.namespace],
      objects: [`Service ${at.namespace}/${at.name}`],
      pods: [{ namespace: at.namespace, labels: {}, ports: [port] }],
    });
  }
}

export const giteaUser = 1000;

/** Gitea with its settings, as a server and for its own command, which wants the same. @param data its volume */
export function giteaProgram(
  cluster: Cluster,
  data: Source,
): Pick<ContainerProps, 'image' | 'env' | 'mounts'> {
  const database = toDatabase(cluster);
  return {
    image: pins.gitea,
    env: [...toEnv(settings(cluster)), ...(database === undefined ? [] : toAuthorityEnv(database))],
    mounts: [
      { name: 'data', path: '/var/lib/gitea', from: data },
      // Its start writes the settings above into app.ini.
      { name: 'conf', path: '/etc/gitea', from: { scratch: '16Mi' } },
      { name: 'tmp', path: '/tmp', from: { scratch: '1Gi' } },
      {
        name: 'secrets',
        path: secretsFolder,
        from: { secret: secrets.platform.name, keys },
      },
      ...(database === undefined ? [] : [database.mount]),
    ],
  };
}

const secretsFolder = '/run/secrets/gitea';

const healthy: k8s.Probe = {
  httpGet: { path: '/api/healthz', port: k8s.IntOrString.fromNumber(port) },
  periodSeconds: 5,
  timeoutSeconds: 5,
};

/** app.ini, section by section. What a newcomer would have to switch off is off. */
function settings(cluster: Cluster): Record<string, Record<string, string | number | boolean>> {
  const host = giteaHost(cluster);
  const secret = (key: (typeof keys)[number]) => `file:${secretsFolder}/${key}`;
  return {
    database: toDatabaseSection(cluster),
    server: {
      HTTP_PORT: port,
      DOMAIN: host,
      ROOT_URL: `https://${host}/`,
      // Without this its own hooks would call the address above, which leads out of the cluster and back.
      LOCAL_ROOT_URL: `http://localhost:${port}/`,
      ...toSsh(cluster),
      LFS_START_SERVER: true,
      LFS_JWT_SECRET_URI: secret('gitea-lfs-jwt-secret'),
      OFFLINE_MODE: true,
    },
    security: {
      INSTALL_LOCK: true,
      SECRET_KEY_URI: secret('gitea-secret-key'),
      INTERNAL_TOKEN_URI: secret('gitea-internal-token'),
      DISABLE_GIT_HOOKS: true,
      DISABLE_QUERY_AUTH_TOKEN: true,
      IMPORT_LOCAL_PATHS: false,
      MIN_PASSWORD_LENGTH: 12,
    },
    oauth2: { JWT_SECRET_URI: secret('gitea-jwt-secret') },
    // The default refuses addresses inside the cluster; this names those that there are.
    webhook: {
      ALLOWED_HOST_LIST: [api, ...(cluster.flux.receiver === 'gitea' ? [fluxReceiver] : [])]
        .map(hostOf)
        .join(','),
      DELIVER_TIMEOUT: 10,
    },
    migrations: { ALLOW_LOCALNETWORKS: false },
    service: {
      DISABLE_REGISTRATION: true,
      REQUIRE_SIGNIN_VIEW: true,
      DEFAULT_KEEP_EMAIL_PRIVATE: true,
    },
    openid: { ENABLE_OPENID_SIGNIN: false, ENABLE_OPENID_SIGNUP: false },
    session: { COOKIE_SECURE: true, SAME_SITE: 'lax' },
    repository: { DEFAULT_PRIVATE: 'private', ROOT: '/var/lib/gitea/git/repositories' },
    packages: { ENABLED: true },
    // Bellows runs what is pushed.
    actions: { ENABLED: false },
    mailer: { ENABLED: false },
    log: { MODE: 'console', LEVEL: 'Info' },
  };
}

function toDatabaseSection(cluster: Cluster): Record<string, string> {
  const database = toDatabase(cluster);
  if (database === undefined)
    return { DB_TYPE: 'sqlite3', PATH: '/var/lib/gitea/data/gitea.db', SQLITE_JOURNAL_MODE: 'WAL' };
  return {
    DB_TYPE: 'postgres',
    HOST: `${database.host}:${database.port}`,
    NAME: database.name,
    USER: database.user,
    // From a file into app.ini, by the image's start.
    PASSWD__FILE: database.passwordFile,
    SSL_MODE: database.tls,
  };
}

/** Its own server, which needs neither root nor a second program. Keys are asked of the database at each connection. */
function toSsh({ gitea: { ssh } }: Cluster): Record<string, string | number | boolean> {
  if (!ssh) return { DISABLE_SSH: true };
  return {
    DISABLE_SSH: false,
    START_SSH_SERVER: true,
    SSH_PORT: giteaSsh.port,
    SSH_LISTEN_PORT: giteaSsh.port,
  };
}

/** `GITEA__<section>__<KEY>`, which the image turns into app.ini. */
function toEnv(sections: ReturnType<typeof settings>): k8s.EnvVar[] {
  const env = Object.entries(sections).flatMap(([section, entries]) =>
    Object.entries(entries).map(([key, value]) => ({
      name: `GITEA__${section}__${key}`,
      value: String(value),
    })),
  );
  return env.sort((a, b) => (a.name < b.name ? -1 : 1));
}
