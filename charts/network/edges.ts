import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { toCollector } from '../collector.ts';
import { type Addresses, NetworkEdge, type NetworkEdgeProps, type Pods } from '../constructs/network-edge.ts';
import { toDatabase } from '../database.ts';
import {
  api,
  gitea,
  giteaSsh,
  namespaces,
  type Place,
  postgres,
  redis,
  redisMembers,
  selectorOf,
} from '../places.ts';
import type { Cluster } from '../platform.ts';

/** Every way that is open, by name. What is not here is closed, but for DNS (charts/foundation). */
export class Edges extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, 'edges', { disableResourceNameHashes: true });
    for (const [name, edge] of Object.entries(toEdges(cluster))) new NetworkEdge(this, name, edge);
  }
}

function toEdges(cluster: Cluster): Record<string, NetworkEdgeProps> {
  const kubernetes: Addresses = { cidrs: cluster.nodes.map((cidr) => ({ cidr })) };
  return {
    // A person, through k3s's ingress controller.
    'ingress-to-api': { from: traefik, to: podsOf(api), tcp: [api.port] },
    'ingress-to-gitea': { from: traefik, to: podsOf(gitea), tcp: [gitea.port] },
    // A push: Gitea's webhook, the queue, and the heads that the api compares it with.
    ...(cluster.gitea.ssh
      ? { 'ssh-to-gitea': { from: serviceLb, to: podsOf(gitea), tcp: [giteaSsh.port] } }
      : {}),
    ...(cluster.gitea.mirrors.length > 0
      ? { 'gitea-to-internet': { from: podsOf(gitea), to: internet, tcp: [443] } }
      : {}),
    'gitea-to-api': { from: podsOf(gitea), to: podsOf(api), tcp: [api.port] },
    'api-to-redis': { from: podsOf(api), to: podsOf(redis), tcp: toRedisPorts(cluster) },
    ...(cluster.redis.servers > 1
      ? { 'redis-to-redis': { from: podsOf(redis), to: podsOf(redis), tcp: toRedisPorts(cluster) } }
      : {}),
    'api-to-gitea': { from: podsOf(api), to: podsOf(gitea), tcp: [gitea.port] },
    'api-to-github': { from: podsOf(api), to: internet, tcp: [443] },
    // An identity provider of this cluster is reached as people reach it; one elsewhere is public.
    ...(isOurs(cluster) ? { 'api-to-sign-in': { from: podsOf(api), to: traefik, tcp: [8443] } } : {}),
    ...toArchiveEdge(cluster),
    ...toDatabaseEdges(cluster),
    ...toBackupEdges(cluster),
    ...toTracingEdge(cluster),
    // An agent: its job, its sources, what its steps download. Neither Redis, nor Kubernetes, nor another agent.
    'agent-to-api': { from: agents, to: podsOf(api), tcp: [api.port] },
    'agent-to-gitea': { from: agents, to: podsOf(gitea), tcp: [gitea.port] },
    'agent-to-internet': { from: agentsWithInternet, to: internet, tcp: [80, 443] },
    // KEDA: how many jobs wait, and the Kubernetes API, in both directions.
    'keda-to-redis': { from: keda('keda-operator'), to: podsOf(redis), tcp: toRedisPorts(cluster) },
    'keda-to-kubernetes': { from: keda('keda-operator'), to: kubernetes, tcp: [6443] },
    'keda-metrics-to-keda': {
      from: keda('keda-operator-metrics-apiserver'),
      to: keda('keda-operator'),
      tcp: [9666],
    },
    'keda-metrics-to-kubernetes': {
      from: keda('keda-operator-metrics-apiserver'),
      to: kubernetes,
      tcp: [6443],
    },
    'keda-webhooks-to-kubernetes': { from: keda('keda-admission-webhooks'), to: kubernetes, tcp: [6443] },
    'kubernetes-to-keda-metrics': {
      from: kubernetes,
      to: keda('keda-operator-metrics-apiserver'),
      tcp: [6443],
    },
    'kubernetes-to-keda-webhooks': { from: kubernetes, to: keda('keda-admission-webhooks'), tcp: [9443] },
    // The Job that makes the secrets, and Flux, which may read dist/ from our own Gitea.
    'secrets-to-kubernetes': { from: ci('secrets'), to: kubernetes, tcp: [6443] },
    // The Job that sets Gitea up, and writes down what Gitea tells it.
    'gitea-setup-to-gitea': { from: ci('gitea-setup'), to: podsOf(gitea), tcp: [gitea.port] },
    'gitea-setup-to-kubernetes': { from: ci('gitea-setup'), to: kubernetes, tcp: [6443] },
    'flux-to-gitea': { from: fluxSource, to: podsOf(gitea), tcp: [gitea.port] },
  };
}

/** Of three, sentinels say which one is the primary. */
function toRedisPorts({ redis: { servers } }: Cluster): number[] {
  return servers === 1 ? [redis.port] : [redis.port, redisMembers.sentinelPort];
}

/** Whether people sign in at something of this cluster. */
function isOurs({ signIn, domain }: Cluster): boolean {
  if (signIn === undefined) return false;
  return signIn.issuer === undefined || new URL(signIn.issuer).hostname.endsWith(`.${domain}`);
}

function toArchiveEdge({ archive }: Cluster): Record<string, NetworkEdgeProps> {
  if (archive?.bucket === undefined) return {};
  return { 'api-to-bucket': { from: podsOf(api), ...toBucket(archive.bucket) } };
}

function toBucket({ url, addresses }: { url: string; addresses?: string[] | undefined }) {
  const { port, protocol } = new URL(url);
  return {
    to: toAddresses(addresses),
    tcp: [port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)],
  };
}

function toAddresses(cidrs: readonly string[] | undefined): Addresses {
  return cidrs === undefined ? internet : { cidrs: cidrs.map((cidr) => ({ cidr })) };
}

/** Gitea's PostgreSQL, for whoever runs Gitea's program. */
function toDatabaseEdges(cluster: Cluster): Record<string, NetworkEdgeProps> {
  const { backup, gitea: settings } = cluster;
  const database = toDatabase(cluster);
  if (database === undefined) return {};
  const { at, port } = database;
  const addresses = settings.postgres.server?.addresses;
  const to =
    at === 'ours'
      ? podsOf(postgres)
      : at === 'elsewhere'
        ? toAddresses(addresses)
        : { namespace: at.namespace, labels: {}, ours: false };
  const users = ['gitea', 'gitea-setup', ...(backup === undefined ? [] : ['backup-postgres'])];
  return Object.fromEntries(
    users.map((user) => [`${user}-to-postgres`, { from: ci(user), to, tcp: [port] }]),
  );
}

function toBackupEdges({ backup, gitea: { database } }: Cluster): Record<string, NetworkEdgeProps> {
  if (backup === undefined) return {};
  const { bucket } = backup;
  const jobs = ['redis', 'gitea', ...(database === 'postgres' ? ['postgres'] : [])];
  const away = jobs.flatMap((what): [string, NetworkEdgeProps][] =>
    bucket === undefined
      ? []
      : [[`backup-${what}-to-bucket`, { from: ci(`backup-${what}`), ...toBucket(bucket) }]],
  );
  return {
    'backup-redis-to-redis': { from: ci('backup-redis'), to: podsOf(redis), tcp: [redis.port] },
    ...Object.fromEntries(away),
  };
}

function toTracingEdge({ tracing }: Cluster): Record<string, NetworkEdgeProps> {
  if (tracing === undefined) return {};
  const { service, port } = toCollector(tracing);
  // Whatever its Pods are called: they are all that is meant to be in that namespace on this port.
  const there = service && { namespace: service.namespace, labels: {}, ours: false };
  const to = there ?? toAddresses(tracing.addresses);
  return { 'api-to-traces': { from: podsOf(api), to, tcp: [port] } };
}

const traefik: Pods = {
  namespace: 'kube-system',
  labels: { 'app.kubernetes.io/name': 'traefik' },
  ours: false,
};
/** What k3s makes of a Service of type LoadBalancer: a pod on each node that passes connections on. */
const serviceLb: Pods = {
  namespace: 'kube-system',
  labels: { 'svccontroller.k3s.cattle.io/svcname': giteaSsh.name },
  ours: false,
};
const fluxSource: Pods = { namespace: namespaces.flux, labels: { app: 'source-controller' }, ours: false };
const agents: Pods = { namespace: namespaces.agents, labels: selectorOf('agent') };
const agentsWithInternet: Pods = {
  namespace: namespaces.agents,
  labels: { ...selectorOf('agent'), 'bellows.dev/internet': 'true' },
};

/** Everything public: no private, shared, link-local (cloud metadata), loopback, test or multicast address. */
const internet: Addresses = {
  cidrs: [
    {
      cidr: '0.0.0.0/0',
      except: [
        '0.0.0.0/8',
        '10.0.0.0/8',
        '100.64.0.0/10',
        '127.0.0.0/8',
        '169.254.0.0/16',
        '172.16.0.0/12',
        '192.0.0.0/24',
        '192.168.0.0/16',
        '198.18.0.0/15',
        '224.0.0.0/3',
      ],
    },
    { cidr: '2000::/3' },
  ],
};

function podsOf({ namespace, name }: Place): Pods {
  return { namespace, labels: selectorOf(name) };
}

function ci(name: string): Pods {
  return { namespace: namespaces.ci, labels: selectorOf(name) };
}

/** The labels of KEDA's own Helm chart. */
function keda(name: string): Pods {
  return { namespace: namespaces.keda, labels: { 'app.kubernetes.io/name': name } };
}
