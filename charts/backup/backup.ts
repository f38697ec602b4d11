import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { backupConfigSchema } from '../../services/backup/config.ts';
import { envFromSchema } from '../constructs/env-from-schema.ts';
import { KeptVolume } from '../constructs/kept-volume.ts';
import { type Mount, type PodProps, podTemplate } from '../constructs/pod.ts';
import { SecretReference } from '../constructs/secret-reference.ts';
import { ownImage } from '../pins.ts';
import { bucketKeys, labelsOf, namespaces } from '../places.ts';
import type { Cluster } from '../platform.ts';
import { type Source, toSources } from './sources.ts';

const namespace = namespaces.ci;
const storeFolder = '/var/lib/bellows/backups';
const work: Mount = { name: 'work', path: '/work', from: { scratch: '1Gi' } };

type Backup = NonNullable<Cluster['backup']>;

/**
 * Two CronJobs for each thing that holds data: its own program makes a copy, ours puts it away. The other one never starts
 * by itself, and brings a copy back (docs/operations/backups.md).
 */
export class Backups extends Chart {
  constructor(scope: Construct, cluster: Cluster, backup: Backup) {
    super(scope, 'backup', { disableResourceNameHashes: true });
    const { bucket } = backup;
    if (bucket !== undefined && bucket.credentials !== cluster.archive?.bucket?.credentials)
      new SecretReference(this, `secret-${bucket.credentials}`, cluster, {
        namespace,
        name: bucket.credentials,
        keys: bucketKeys,
      });
    for (const source of toSources(cluster)) {
      const { what } = source;
      const name = toName(what);
      if (backup.volume !== undefined)
        new KeptVolume(this, `claim-${what}`, {
          name,
          namespace,
          program: name,
          storageClass: cluster.storageClass,
          size: backup.volume,
        });
      new k8s.KubeServiceAccount(this, `account-${what}`, {
        metadata: { name, namespace, labels: labelsOf(name) },
        automountServiceAccountToken: false,
      });
      cronJob(this, name, backup.at, {
        name,
        first: [{ ...source.copy, name: 'copy', mounts: [...source.copy.mounts, workOf(source)] }],
        ...keeper(cluster, backup, source),
        ...(source.nodeOf === undefined ? {} : { nodeOf: source.nodeOf }),
      });
      const fetch = keeper(cluster, backup, source, 'latest');
      cronJob(
        this,
        `restore-${what}`,
        // A day that never comes.
        '0 0 31 2 *',
        {
          ...fetch,
          ...source.back,
          name,
          first: [{ ...fetch, name: 'fetch' }],
          env: source.back.env ?? [],
          mounts: [...source.back.mounts, workOf(source)],
        },
        true,
      );
    }
  }
}

/** Our program, which puts a file of /work away, or brings it back. */
function keeper(
  cluster: Cluster,
  { bucket, days }: Backup,
  source: Source,
  restore?: 'latest',
): Omit<PodProps, 'name'> {
  const { what, file, user } = source;
  return {
    image: ownImage(cluster, 'api'),
    command: ['node', '/programs/backup.mjs'],
    env: envFromSchema(backupConfigSchema, {
      BELLOWS_BACKUP: what,
      BELLOWS_BACKUP_FILE: `/work/${file}`,
      BELLOWS_BACKUP_DAYS: days,
      ...(restore === undefined ? {} : { BELLOWS_BACKUP_RESTORE: restore }),
      BELLOWS_STORE: bucket?.url ?? storeFolder,
      ...(bucket === undefined
        ? {}
        : { BELLOWS_STORE_REGION: bucket.region, BELLOWS_SECRETS_DIR: '/run/secrets/bucket' }),
    }),
    mounts: [
      workOf(source),
      bucket === undefined
        ? { name: 'store', path: storeFolder, from: { volume: toName(what) } }
        : {
            name: 'bucket',
            path: '/run/secrets/bucket',
            from: { secret: bucket.credentials, keys: bucketKeys },
          },
    ],
    user,
    cpu: { request: 0.1 },
    memory: '256Mi',
    serviceAccount: toName(what),
    restartPolicy: 'Never',
  };
}

function workOf({ room }: { room: string }): Mount {
  return { ...work, from: { scratch: room } };
}

function toName(what: string): string {
  return `backup-${what}`;
}

function cronJob(chart: Chart, name: string, schedule: string, pod: PodProps, suspend = false): void {
  new k8s.KubeCronJob(chart, name, {
    metadata: { name, namespace, labels: labelsOf(pod.name) },
    spec: {
      schedule,
      timeZone: 'Etc/UTC',
      suspend,
      // One that is still under way is not begun again; one that was missed is, within the hour.
      concurrencyPolicy: 'Forbid',
      startingDeadlineSeconds: 3600,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 3,
      jobTemplate: {
        spec: { backoffLimit: 2, activeDeadlineSeconds: 6 * 3600, template: podTemplate(pod) },
      },
    },
  });
}
