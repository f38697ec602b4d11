import type { App } from 'cdk8s';
import { Gpus, needsGpuPlugin } from './add-ons/gpus.ts';
import { Keda } from './add-ons/keda.ts';
import { Traefik } from './add-ons/traefik.ts';
import { Backups } from './backup/backup.ts';
import { takesFrom } from './constructs/secret-reference.ts';
import { type Built, buildCluster, type Files, toFiles, type Unit } from './constructs/unit.ts';
import { Postgres } from './data/postgres.ts';
import { Redis } from './data/redis.ts';
import { toDatabase } from './database.ts';
import { FluxAlerts } from './flux/alerts.ts';
import { Bootstrap, Kustomizations } from './flux/flux.ts';
import { FluxReceiver } from './flux/receiver.ts';
import { Gitea } from './forge/gitea.ts';
import { GiteaSetup } from './forge/setup.ts';
import { toHostFiles } from './foundation/k3s.ts';
import { Namespaces } from './foundation/namespaces.ts';
import { Priorities } from './foundation/priorities.ts';
import { Edges } from './network/edges.ts';
import { Monitoring } from './observability/monitoring.ts';
import { sealedFolder } from './places.ts';
import type { Cluster, Platform } from './platform.ts';
import { PlatformError } from './platform-file.ts';
import { Pools } from './scaling/pools.ts';
import { hasQuietHours, QuietHours } from './scaling/quiet.ts';
import { FetchedSecrets, fetched, GeneratedSecrets } from './secrets/secrets.ts';
import { Api } from './services/api.ts';

/** The charts of a cluster, by unit, in the order that Flux applies them. */
export function toUnits(cluster: Cluster): Unit[] {
  const given = toGivenSecrets(cluster);
  return [
    unit('foundation', [], (app) => [new Namespaces(app, cluster), new Priorities(app)]),
    unit('network', ['foundation'], (app) => new Edges(app, cluster)),
    ...given,
    unit(
      'secrets',
      ['network', ...given.map(({ name }) => name)],
      (app) => new GeneratedSecrets(app, cluster),
    ),
    unit('data', ['secrets'], (app) => [
      new Redis(app, cluster),
      ...(toDatabase(cluster)?.at === 'ours' ? [new Postgres(app, cluster)] : []),
    ]),
    unit('forge', ['data'], (app) => [new Gitea(app, cluster), new GiteaSetup(app, cluster)]),
    // After Gitea is set up: who it knows the api as is one of the api's secrets.
    unit('services', ['forge'], (app) => new Api(app, cluster)),
    unit('add-ons', ['network'], (app) => [
      new Keda(app),
      new Traefik(app, cluster),
      ...(needsGpuPlugin(cluster) ? [new Gpus(app, cluster)] : []),
    ]),
    unit('scaling', ['add-ons', 'services'], (app) => new Pools(app, cluster)),
    ...(hasQuietHours(cluster) ? [unit('quiet', ['scaling'], (app) => new QuietHours(app, cluster))] : []),
    ...toNotifications(cluster),
    ...toMonitoring(cluster),
    ...toBackups(cluster),
  ];
}

function toBackups(cluster: Cluster): Unit[] {
  const { backup } = cluster;
  // After the api, whose Secret of a bucket may be the same.
  return backup === undefined
    ? []
    : [unit('backup', ['services'], (app) => new Backups(app, cluster, backup))];
}

function toMonitoring(cluster: Cluster): Unit[] {
  const { monitoring } = cluster;
  return monitoring === undefined
    ? []
    : [unit('monitoring', ['services'], (app) => new Monitoring(app, cluster, monitoring))];
}

function toNotifications(cluster: Cluster): Unit[] {
  const { receiver, alerts } = cluster.flux;
  if (receiver === undefined && alerts === undefined) return [];
  return [
    unit('notifications', ['secrets'], (app) => {
      if (receiver !== undefined) new FluxReceiver(app, cluster);
      if (alerts !== undefined) new FluxAlerts(app, cluster, alerts);
    }),
  ];
}

/** Secrets that are there before a Job makes what is missing of its own. */
function toGivenSecrets(cluster: Cluster): Unit[] {
  const { recipients = [] } = cluster.secrets;
  const sealed = { name: sealedFolder, after: ['foundation'], sealed: recipients, build: () => undefined };
  return [
    ...(takesFrom(cluster, 'sealed') ? [sealed] : []),
    ...(fetched(cluster).length === 0
      ? []
      : [unit('external-secrets', ['foundation'], (app) => new FetchedSecrets(app, cluster))]),
  ];
}

/**
 * Everything of a platform, cluster by cluster.
 *
 * @param unitsOf what a cluster consists of: `toUnits`, or that and units of your own.
 */
export function buildPlatform(platform: Platform, unitsOf: (cluster: Cluster) => Unit[]): Built[] {
  return Object.entries(platform.clusters).map(([name, cluster]) =>
    buildOne(name, cluster, platform, unitsOf),
  );
}

/** The same as `dist/`: paths and contents. */
export function renderPlatform(platform: Platform, unitsOf: (cluster: Cluster) => Unit[]): Files {
  const clusters = Object.entries(platform.clusters);
  return new Map([
    ...clusters.flatMap(([name, cluster]) => [
      ...toFiles(buildOne(name, cluster, platform, unitsOf, (build) => build())),
    ]),
    ...clusters.flatMap(([name, cluster]) => [...toHostFiles(name, cluster)]),
  ]);
}

function buildOne(
  name: string,
  cluster: Cluster,
  platform: Platform,
  unitsOf: (cluster: Cluster) => Unit[],
  noting?: (build: () => void) => void,
): Built {
  const units = unitsOf(cluster);
  const built = buildCluster(
    name,
    [
      unit('bootstrap', [], (app) => new Bootstrap(app, name, platform)),
      unit('flux', [], (app) => new Kustomizations(app, name, units)),
      ...units,
    ],
    { noting, digests: platform.digests },
  );
  const known = new Set(built.secrets);
  const stray = Object.keys(cluster.secrets.each).find((secret) => !known.has(secret));
  if (stray !== undefined)
    throw new PlatformError(
      `clusters.${name}.secrets.each.${stray}: there is no such Secret; expected one of ${[...known].sort().join(', ')}`,
    );
  return { ...built, machines: cluster.machines };
}

function unit(name: string, after: string[], build: (app: App) => unknown): Unit {
  return { name, after, build };
}
