import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { apiConfigSchema } from '../../services/api/config.ts';
import { toCollector } from '../collector.ts';
import { Brought } from '../constructs/brought.ts';
import { envFromSchema } from '../constructs/env-from-schema.ts';
import { Exposure } from '../constructs/exposure.ts';
import { KeptVolume } from '../constructs/kept-volume.ts';
import { podTemplate } from '../constructs/pod.ts';
import { scraped } from '../constructs/scraped.ts';
import { SecretReference } from '../constructs/secret-reference.ts';
import { toSentinelUrl } from '../data/redis-member.ts';
import { giteaHost } from '../forge/gitea.ts';
import { ownImage } from '../pins.ts';
import {
  addressOf,
  api,
  bucketKeys,
  gitea,
  giteaSecrets,
  githubAppKey,
  githubToken,
  labelsOf,
  metricsPort,
  redis,
  secrets,
  selectorOf,
  signInSecret,
} from '../places.ts';
import type { Cluster } from '../platform.ts';
import type { PlatformKey } from '../secrets/program/generate.ts';
import { toMirrorName } from '../settings/gitea.ts';

const { name, namespace, port } = api;
const keys = [
  'admin-token',
  'metrics-token',
  'webhook-gitea',
  'webhook-github',
  'clone-key',
  'secrets-key',
  'redis-password',
] as const satisfies PlatformKey[];
const secretsFolder = '/run/secrets/bellows';
const storeFolder = '/var/lib/bellows/store';
const storeClaim = 'api-store';

/** The api, of which any replica can do everything: a webhook is lost only while none is there. */
export class Api extends Chart {
  constructor(scope: Construct, cluster: Cluster) {
    super(scope, name, { disableResourceNameHashes: true });
    const labels = labelsOf(name);
    const host = `bellows.${cluster.domain}`;
    const { replicas, most, memory, logLevel } = cluster.api;
    const { archive } = cluster;

    new k8s.KubeServiceAccount(this, 'account', {
      metadata: { name, namespace, labels },
      automountServiceAccountToken: false,
    });
    if (archive?.volume !== undefined)
      new KeptVolume(this, 'store', {
        name: storeClaim,
        namespace,
        program: name,
        storageClass: cluster.storageClass,
        size: archive.volume,
      });
    new k8s.KubeDeployment(this, 'api', {
      metadata: { name, namespace, labels },
      spec: {
        // Where a scaler says how many there are, nobody else does.
        ...(most === undefined ? { replicas } : {}),
        selector: { matchLabels: selectorOf(name) },
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: {
            maxUnavailable: k8s.IntOrString.fromNumber(0),
            maxSurge: k8s.IntOrString.fromNumber(1),
          },
        },
        template: podTemplate({
          name,
          image: ownImage(cluster, name),
          env: envFromSchema(apiConfigSchema, {
            BELLOWS_LISTEN: `0.0.0.0:${port}`,
            ...(cluster.monitoring === undefined ? {} : { BELLOWS_METRICS_LISTEN: `0.0.0.0:${metricsPort}` }),
            BELLOWS_PUBLIC_URL: `https://${host}`,
            BELLOWS_HOSTS: [host, addressOf(api)].join(','),
            ...toRedis(cluster),
            BELLOWS_REDIS_USER: 'api',
            BELLOWS_SECRETS_DIR: secretsFolder,
            BELLOWS_GITEA_ORIGIN: `http://${addressOf(gitea)}`,
            BELLOWS_GITHUB_ORIGIN: 'https://github.com',
            ...(cluster.github.app === undefined ? {} : { BELLOWS_GITHUB_APP: String(cluster.github.app) }),
            ...toRegistered(cluster),
            ...toSignIn(cluster),
            // Traefik, as any Pod of k3s, has its address from this block.
            BELLOWS_TRUSTED_PROXIES: '10.42.0.0/16',
            BELLOWS_LOG_LEVEL: logLevel,
            ...toStoreEnvironment(archive),
            ...toTracing(cluster.tracing),
            // A Service sends to a pod that ends until every node has heard of it.
            BELLOWS_DRAIN_MS: 5000,
            BELLOWS_OPEN_READYZ: true,
            BELLOWS_POOLS: Object.entries(cluster.pools)
              .toSorted(([a], [b]) => (a < b ? -1 : 1))
              .map(([pool, { arch }]) => `${pool}=linux/${arch}`)
              // Whichever of them the file says first.
              .sort()
              .join(','),
          }),
          port,
          ...(cluster.monitoring === undefined ? {} : { metricsPort }),
          ...scraped(cluster, metricsPort),
          mounts: [
            {
              name: 'secrets',
              path: secretsFolder,
              from: {
                secrets: [
                  { name: secrets.platform.name, keys },
                  giteaSecrets.bot,
                  cluster.github.app === undefined ? { ...githubToken, optional: true } : githubAppKey,
                  ...(cluster.signIn === undefined ? [] : [signInSecret]),
                  ...(archive?.bucket === undefined ? [] : [bucketSecret(archive.bucket.credentials)]),
                ],
              },
            },
            { name: 'tmp', path: '/tmp', from: { scratch: '64Mi' } },
            ...(archive?.volume === undefined
              ? []
              : [{ name: 'store', path: storeFolder, from: { volume: storeClaim } }]),
          ],
          user: 1000,
          cpu: { request: 0.1 },
          memory,
          probes: {
            startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
            // Without Redis, or with one that could lose a push, it takes no webhook. It is not started anew for that.
            readinessProbe: probe('/readyz'),
            livenessProbe: { ...probe('/healthz'), failureThreshold: 6 },
          },
          serviceAccount: name,
          graceSeconds: 40,
          spread: true,
        }),
      },
    });
    if (most !== undefined)
      new k8s.KubeHorizontalPodAutoscalerV2(this, 'scaler', {
        metadata: { name, namespace, labels },
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
          minReplicas: replicas,
          maxReplicas: most,
          // One process fills one core and no more; agents that ask again later cost it nothing.
          metrics: [
            {
              type: 'Resource',
              resource: {
                name: 'cpu',
                target: { type: 'AverageValue', averageValue: k8s.Quantity.fromString('600m') },
              },
            },
          ],
          // A stream that is open moves to another replica when its own goes: seldom, then.
          behavior: { scaleDown: { stabilizationWindowSeconds: 600 } },
        },
      });
    new k8s.KubePodDisruptionBudget(this, 'budget', {
      metadata: { name, namespace, labels },
      spec: { maxUnavailable: k8s.IntOrString.fromNumber(1), selector: { matchLabels: selectorOf(name) } },
    });
    for (const secret of [
      cluster.github.app === undefined ? githubToken : githubAppKey,
      ...(cluster.signIn?.issuer === undefined ? [] : [signInSecret]),
      ...(archive?.bucket === undefined ? [] : [bucketSecret(archive.bucket.credentials)]),
    ])
      new SecretReference(this, `secret-${secret.name}`, cluster, { namespace, ...secret });
    const collector = cluster.tracing && toCollector(cluster.tracing);
    if (collector?.service !== undefined)
      new Brought(this, 'collector', {
        by: 'a person',
        namespaces: [collector.service.namespace],
        objects: [`Service ${collector.service.namespace}/${collector.service.name}`],
        pods: [{ namespace: collector.service.namespace, labels: {}, ports: [collector.port] }],
      });
    new Exposure(this, 'exposure', { place: api, host, certificate: cluster.certificate });
  }
}

function bucketSecret(name: string) {
  return { name, keys: bucketKeys };
}

/** Of three, a second one has what is acknowledged. */
function toRedis({ redis: { servers } }: Cluster) {
  if (servers === 1) return { BELLOWS_REDIS_URL: `redis://${addressOf(redis)}` };
  return { BELLOWS_REDIS_URL: toSentinelUrl(), BELLOWS_REDIS_REPLICAS: 1 };
}

/** What is mirrored is built, and nobody has to say so twice. */
function toRegistered({ gitea: { mirrors }, pools }: Cluster) {
  if (mirrors.length === 0) return {};
  const [only = ''] = Object.keys(pools);
  const wanted = mirrors.map(
    (mirror) => `gitea/${mirror.owner}/${toMirrorName(mirror)}=${mirror.pool ?? only}`,
  );
  return { BELLOWS_REPOSITORIES: wanted.join(',') };
}

function toSignIn(cluster: Cluster) {
  const { signIn } = cluster;
  if (signIn === undefined) return {};
  const [clientIdKey] = giteaSecrets.signIn.keys;
  return {
    BELLOWS_OIDC_ISSUER: signIn.issuer ?? `https://${giteaHost(cluster)}`,
    BELLOWS_OIDC_CLIENT_ID: signIn.clientId ?? { secret: giteaSecrets.signIn.name, key: clientIdKey },
    BELLOWS_OIDC_ROLES: signIn.roles,
    BELLOWS_OIDC_SCOPES: signIn.scopes,
    BELLOWS_OIDC_NAME: signIn.name,
  };
}

function toTracing(tracing: Cluster['tracing']) {
  if (tracing === undefined) return {};
  const { endpoint, share } = tracing;
  const sampled = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: share };
  return { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...(share === 1 ? {} : sampled) };
}

function toStoreEnvironment(archive: Cluster['archive']) {
  if (archive === undefined) return {};
  const { bucket, days, caches } = archive;
  const kept = {
    BELLOWS_LOG_DAYS: days,
    ...(caches === undefined ? {} : { BELLOWS_CACHE_GIB: Number.parseInt(caches, 10) }),
  };
  if (bucket === undefined) return { BELLOWS_STORE: storeFolder, ...kept };
  return { BELLOWS_STORE: bucket.url, BELLOWS_STORE_REGION: bucket.region, ...kept };
}

function probe(path: string): k8s.Probe {
  return {
    httpGet: {
      path,
      port: k8s.IntOrString.fromNumber(port),
      // A kubelet asks by the pod's address, which is no name that the api answers to.
      httpHeaders: [{ name: 'Host', value: addressOf(api) }],
    },
    periodSeconds: 5,
    timeoutSeconds: 3,
  };
}
