import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import {
  Kustomization,
  KustomizationSpecDecryptionProvider,
  KustomizationSpecSourceRefKind,
} from '../../imports/kustomize.toolkit.fluxcd.io.ts';
import { GitRepository } from '../../imports/source.toolkit.fluxcd.io.ts';
import { Brought } from '../constructs/brought.ts';
import { takesFrom } from '../constructs/secret-reference.ts';
import type { Unit } from '../constructs/unit.ts';
import {
  addressOf,
  gitea,
  labelsOf,
  namespaces,
  recipientsAnnotation,
  sealedFolder,
  sealedKey,
} from '../places.ts';
import type { Platform } from '../platform.ts';

const namespace = namespaces.flux;
const labels = labelsOf('bellows');
/** The repository that all of it comes from. */
export const sourceName = 'platform';
/** Where it is on the cluster's own Gitea. */
export const sourcePath = 'bellows/platform';

/** One Kustomization for each unit, in their order. Applied by what `Bootstrap` makes. */
export class Kustomizations extends Chart {
  constructor(scope: Construct, cluster: string, units: readonly Unit[]) {
    super(scope, 'kustomizations', { disableResourceNameHashes: true });
    const names = new Set(units.map(({ name }) => name));
    for (const { name, after, sealed } of units) {
      const missing = after.find((other) => !names.has(other));
      if (missing !== undefined)
        throw new Error(`unit ${name} comes after ${missing}; expected one of ${[...names]}`);
      const path = sealed === undefined ? `dist/clusters/${cluster}/${name}` : `${sealedFolder}/${cluster}`;
      applied(this, name, `./${path}`, after, sealed);
    }
  }
}

/**
 * What a person applies once, and Flux never: a Kustomization that applied itself would delete itself when its
 * path moves.
 */
export class Bootstrap extends Chart {
  constructor(scope: Construct, name: string, { source, clusters }: Platform) {
    super(scope, 'bootstrap', { disableResourceNameHashes: true });
    const cluster = clusters[name];
    const sealed = cluster !== undefined && takesFrom(cluster, 'sealed');
    if (sealed) new Brought(this, 'sealed-key', { by: 'a person', secrets: [sealedKey] });
    if (cluster?.monitoring?.by === 'operator')
      new Brought(this, 'prometheus-operator', {
        by: 'whoever runs the Prometheus operator',
        groups: ['monitoring.coreos.com'],
      });
    if (cluster?.secrets.store !== undefined)
      new Brought(this, 'external-secrets', {
        by: 'whoever runs External Secrets',
        groups: ['external-secrets.io'],
        objects: [`ClusterSecretStore ${cluster.secrets.store}`],
      });
    // Our own Gitea shows nothing to strangers.
    const credentials = source.credentials ?? (source.url === undefined ? 'platform-source' : undefined);
    if (credentials !== undefined)
      new Brought(this, 'by-hand', {
        by: 'a person',
        secrets: [{ namespace, name: credentials, keys: ['username', 'password'] }],
      });
    new GitRepository(this, 'source', {
      metadata: { name: sourceName, namespace, labels },
      spec: {
        url: source.url ?? `http://${addressOf(gitea)}/${sourcePath}.git`,
        ref: { branch: source.branch },
        interval: '1m',
        timeout: '1m',
        ...(credentials === undefined ? {} : { secretRef: { name: credentials } }),
        // Only what is applied: a commit that leaves dist/ alone changes nothing in the cluster.
        ignore: ['/*', '!/dist/', ...(sealed ? [`!/${sealedFolder}/`] : []), ''].join('\n'),
      },
    });
    applied(this, 'units', `./dist/clusters/${name}/flux`, []);
  }
}

/** @param recipients whom its files are sealed for; undefined: they are plain. */
function applied(
  chart: Chart,
  name: string,
  path: string,
  after: readonly string[],
  recipients?: readonly string[],
): void {
  const annotations = recipients && { [recipientsAnnotation]: recipients.toSorted().join(' ') };
  new Kustomization(chart, name, {
    metadata: { name, namespace, labels, ...(annotations === undefined ? {} : { annotations }) },
    spec: {
      sourceRef: { kind: KustomizationSpecSourceRefKind.GIT_REPOSITORY, name: sourceName },
      path,
      interval: '10m',
      retryInterval: '1m',
      timeout: '10m',
      prune: true,
      // Ready only once every object in it is: what comes after may rely on that.
      wait: true,
      ...(recipients === undefined
        ? {}
        : {
            decryption: {
              provider: KustomizationSpecDecryptionProvider.SOPS,
              secretRef: { name: sealedKey.name },
            },
          }),
      ...(after.length === 0 ? {} : { dependsOn: after.map((other) => ({ name: other })) }),
    },
  });
}
