// Where things are in a cluster: what several charts must agree on, once.

export const namespaces = {
  /** The platform itself. */
  ci: 'ci',
  /** Agents: code of strangers runs here and nothing else does. */
  agents: 'ci-agents',
  keda: 'keda',
  /** Made by Flux, not by us. */
  flux: 'flux-system',
} as const;

/** A Service; its pods carry the label `app.kubernetes.io/name: <name>`. */
export interface Place {
  readonly name: string;
  readonly namespace: string;
  readonly port: number;
}

export const api = { name: 'api', namespace: namespaces.ci, port: 7440 } as const satisfies Place;
export const gitea = { name: 'gitea', namespace: namespaces.ci, port: 3000 } as const satisfies Place;
export const redis = { name: 'redis', namespace: namespaces.ci, port: 6379 } as const satisfies Place;

export const postgres = { name: 'postgres', namespace: namespaces.ci, port: 5432 } as const satisfies Place;
/** Gitea's built-in server, which needs no root; people reach it by a port of the nodes. */
export const giteaSsh = { ...gitea, name: 'gitea-ssh', port: 2222 } as const satisfies Place;

/** Of each pod of Redis, by its own name: with three of them, those are what others connect to. */
export const redisMembers = {
  name: 'redis-members',
  namespace: namespaces.ci,
  sentinelPort: 26379,
  /** What sentinels call the primary. */
  primary: 'bellows',
} as const;

/** Where Redis' exporter tells Prometheus of it, in its own pod. */
export const exporterPort = 9121;

/** Where programs of ours show their figures, to Prometheus and nobody else. */
export const metricsPort = 9464;

/** `redis.ci.svc` */
export function hostOf({ name, namespace }: Place): string {
  return `${name}.${namespace}.svc`;
}

/** `redis.ci.svc:6379` */
export function addressOf(place: Place): string {
  return `${hostOf(place)}:${place.port}`;
}

/** The Secrets that are generated inside the cluster (charts/secrets). */
export const secrets = {
  /** Everything the platform keeps to itself; each pod mounts only the keys it needs. */
  platform: { namespace: namespaces.ci, name: 'bellows' },
  /** KEDA's Redis user; a TriggerAuthentication reads only from its own namespace. */
  keda: { namespace: namespaces.agents, name: 'redis-keda' },
} as const;

/** Secrets of SOPS/age, a folder for each cluster: beside dist/, since synth neither makes nor reads them. */
export const sealedFolder = 'sealed';

/** On their Kustomization, whom they are for: Flux does not read it, `./bellows check` does. */
export const recipientsAnnotation = 'bellows.dev/recipients';

/** What opens them: an age identity, put there by a person. */
export const sealedKey = { namespace: namespaces.flux, name: 'sops-age', keys: ['age.agekey'] } as const;

/** The Secrets that Gitea's setup makes, because Gitea does (charts/forge/setup.ts). */
export const giteaSecrets = {
  administrator: { namespace: namespaces.ci, name: 'gitea-administrator', keys: ['username', 'password'] },
  bot: { namespace: namespaces.ci, name: 'bellows-gitea', keys: ['forge-gitea'] },
  signIn: {
    namespace: namespaces.ci,
    name: 'bellows-sign-in',
    keys: ['oidc-client-id', 'oidc-client-secret'],
  },
} as const;

/** Where Flux hears that the platform's repository has changed. The path follows from the token in the Secret. */
export const fluxReceiver = {
  name: 'webhook-receiver',
  namespace: namespaces.flux,
  port: 80,
  receiver: 'platform',
  secret: { namespace: namespaces.flux, name: 'flux-receiver' },
} as const;

/** What GitHub made, put there by a person: a token, or the key of an App. Without it no commit status is posted there. */
export const githubToken = { name: 'bellows-forges', keys: ['forge-github'] } as const;
export const githubAppKey = { name: 'bellows-forges', keys: ['github-app-key'] } as const;

/** What an identity provider that is not our Gitea knows the api by, put there by a person. */
export const signInSecret = { name: 'bellows-sign-in', keys: ['oidc-client-secret'] } as const;

/** Of the platform's Secret: the password of Gitea's PostgreSQL. */
export const databaseKey = 'gitea-database-password';

/** Of a Secret for a PostgreSQL that others run; `ca.crt` where it has to prove who it is. */
export const serverKeys = { password: 'password', authority: 'ca.crt' } as const;

/** Of a Secret with the key of a bucket. */
export const bucketKeys = ['s3-access-key', 's3-secret-key'] as const;

/** What Kubernetes calls a GPU, or a share of one; the plugin that offers it; the label of nodes that have some. */
export const gpuResource = 'nvidia.com/gpu';
export const gpuLabel = { 'bellows.dev/gpu': 'nvidia' } as const;
/** k3s makes it where it finds NVIDIA's runtime. */
export const gpuRuntime = 'nvidia';

/** Who gives way to whom when a node is full (charts/foundation). */
export const priorities = { platform: 'bellows-platform', agents: 'bellows-agents' } as const;

/** Labels of everything that belongs to one program. */
export function labelsOf(name: string): Record<string, string> {
  return { ...selectorOf(name), 'app.kubernetes.io/part-of': 'bellows' };
}

/** What selects its pods. Immutable in a cluster: never a hash, never a construct's path. */
export function selectorOf(name: string): Record<string, string> {
  return { 'app.kubernetes.io/name': name };
}
