import type { App } from 'cdk8s';
import { Keda } from './add-ons/keda.ts';
import { Traefik } from './add-ons/traefik.ts';
import { type Built, buildCluster, type Files, toFiles, type Unit } from './constructs/unit.ts';
import { Redis } from './data/redis.ts';
import { Bootstrap, Kustomizations } from './flux/flux.ts';
import { toHostFiles } from './foundation/k3s.ts';
import { Namespaces } from './foundation/namespaces.ts';
import { Priorities } from './foundation/priorities.ts';
import { Edges } from './network/edges.ts';
import type { Cluster, Platform } from './platform.ts';
import { Pools } from './scaling/pools.ts';
import { GeneratedSecrets } from './secrets/secrets.ts';
import { Api } from './services/api.ts';
import { Gitea } from './services/gitea.ts';

/** The charts of a cluster, by unit, in the order that Flux applies them. */
export function toUnits(cluster: Cluster): Unit[] {
  return [
    unit('foundation', [], (app) => [new Namespaces(app, cluster), new Priorities(app)]),
    unit('network', ['foundation'], (app) => new Edges(app, cluster)),
    unit('secrets', ['network'], (app) => new GeneratedSecrets(app)),
    unit('data', ['secrets'], (app) => new Redis(app, cluster)),
    unit('services', ['data'], (app) => [new Api(app, cluster), new Gitea(app, cluster)]),
    unit('add-ons', ['network'], (app) => [new Keda(app), new Traefik(app, cluster)]),
    unit('scaling', ['add-ons', 'services'], (app) => new Pools(app, cluster)),
  ];
}

/**
 * Everything of a platform, cluster by cluster.
 *
 * @param unitsOf what a cluster consists of: `toUnits`, or that and units of your own.
 */
export function buildPlatform(platform: Platform, unitsOf: (cluster: Cluster) => Unit[]): Built[] {
  return Object.entries(platform.clusters).map(([name, cluster]) => {
    const units = unitsOf(cluster);
    return buildCluster(name, [
      unit('bootstrap', [], (app) => new Bootstrap(app, name, platform)),
      unit('flux', [], (app) => new Kustomizations(app, name, units)),
      ...units,
    ]);
  });
}

/** The same as `dist/`: paths and contents. */
export function renderPlatform(platform: Platform, unitsOf: (cluster: Cluster) => Unit[]): Files {
  const hosts = Object.entries(platform.clusters).flatMap(([name, cluster]) => [
    ...toHostFiles(name, cluster),
  ]);
  return new Map([...buildPlatform(platform, unitsOf).flatMap((built) => [...toFiles(built)]), ...hosts]);
}

function unit(name: string, after: string[], build: (app: App) => unknown): Unit {
  return { name, after, build };
}
