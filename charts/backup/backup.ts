import { Chart } from 'cdk8s';
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { backupConfigSchema } from '../../services/backup/config.ts';
import { envFromSchema } from '../constructs/env-from-schema.ts';
import { KeptVolume } from '../constructs/kept-volume.ts';
import { type ContainerProps, type Mount, type PodProps, podTemplate } from '../constructs/pod.ts';
import { SecretReference } from '../constructs/secret-reference.ts';
import { claimOf } from '../constructs/stateful.ts';
import { toDatabase, toPostgresEnv } from '../database.ts';
import { giteaProgram, giteaUser } from '../forge/gitea.ts';
import { ownImage, pins } from '../pins.ts';
import { bucketKeys, gitea, hostOf, labelsOf, namespaces, redis, redisMembers, secrets } from '../places.ts';
import type { Cluster } from '../platform.ts';

const namespace = namespaces.ci;
const storeFolder = '/var/lib/bellows/backups';
const work: Mount = { name: 'work', path: '/work', from: { scratch: '1Gi' } };

type Backup = NonNullable<Cluster['backup']>;

/** What has to be copied, how, and as which user. The copy is a file in /work. */
interface Source {
  readonly what: string;
  readonly file: string;
  readonly room: string;
  readonly copy: Omit<ContainerProps, 'name'>;
  readonly user: number;
  /** Its volume is read, which only its own node can. */
  readonly nodeOf?: string;
}

/**
 * A CronJob for each thing that holds data: its own program makes a copy, ours puts it away. And one that never starts by
 * itself, to bring Redis back (docs/operations/backups.md).
 */
export class Backups extends Chart {
  constructor(scope: Construct, cluster: Cluster, backup: Backup) {
    super(scope, 'backup', { disableResourceNameHashes: true });
    const sources = [toRedis(cluster), toGitea(cluster), ...toPostgres(cluster)];
    const { bucket } = backup;
    if (bucket !== undefined && bucket.credentials !== cluster.archive?.bucket?.credentials)
      new SecretReference(this, `secret-${bucket.credentials}`, cluster, {
        namespace,
        name: bucket.credentials,
        keys: bucketKeys,
      });
    for (const source of sources) {
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
      });
    }
    const copy = toRedis(cluster);
    const file = '/work/redis.rdb';
    cronJob(
      this,
      'restore-redis',
      '0 0 31 2 *',
      {
        ...keeper(cluster, backup, { ...copy, file, restore: 'latest' }),
        name: toName('redis'),
        first: [{ ...keeper(cluster, backup, { ...copy, file, restore: 'latest' }), name: 'fetch' }],
        image: pins.redis,
        command: ['sh', '-c', bringRedisBack],
        env: [],
        mounts: [workOf(copy), { name: 'data', path: '/data', from: { volume: claimOf(redis.name) } }],
      },
      true,
    );
  }
}

/**
 * A copy of Redis is the base of an append-only file that has nothing after it. What was there is put aside, not away, and
 * a sentinel that was there forgets whom it knew.
 */
export const bringRedisBack = `set -eu
cd /data
[ ! -e appendonlydir ] || mv appendonlydir "appendonlydir.before-$(date +%s)"
[ ! -e sentinel.conf ] || mv sentinel.conf "sentinel.conf.before-$(date +%s)"
mkdir appendonlydir.new
cp /work/redis.rdb appendonlydir.new/appendonly.aof.1.base.rdb
echo 'file appendonly.aof.1.base.rdb seq 1 type b' >appendonlydir.new/appendonly.aof.manifest
sync
mv appendonlydir.new appendonlydir
`;

/** A replica does as well as the primary, and has less to do. */
function toRedis({ redis: { servers, memory } }: Cluster): Source {
  const host = servers === 1 ? hostOf(redis) : `redis-0.${redisMembers.name}.${redisMembers.namespace}.svc`;
  const key = 'redis-backup-password';
  return {
    what: 'redis',
    file: 'redis.rdb',
    room: memory,
    user: 999,
    copy: {
      image: pins.redis,
      command: [
        'sh',
        '-c',
        `set -eu; REDISCLI_AUTH="$(cat /run/secrets/redis/${key})"; export REDISCLI_AUTH; redis-cli -h ${host} -p ${redis.port} --user backup --rdb /work/redis.rdb; redis-check-rdb /work/redis.rdb`,
      ],
      mounts: [
        { name: 'redis', path: '/run/secrets/redis', from: { secret: secrets.platform.name, keys: [key] } },
      ],
      cpu: { request: 0.1 },
      memory: '128Mi',
    },
  };
}

/** Repositories, packages, LFS, attachments and the database, in one archive of Gitea's own. */
function toGitea(cluster: Cluster): Source {
  const { image, env = [], mounts } = giteaProgram(cluster, { volume: claimOf(gitea.name) });
  return {
    what: 'gitea',
    file: 'gitea.tar.gz',
    room: cluster.gitea.storage,
    user: giteaUser,
    nodeOf: gitea.name,
    copy: {
      image,
      env,
      // Of the image's start, which writes app.ini.
      args: [
        'sh',
        '-c',
        'mkdir -p /work/tmp && gitea dump --type tar.gz --skip-log --skip-index --tempdir /work/tmp --file /work/gitea.tar.gz',
      ],
      mounts,
      cpu: { request: 0.1 },
      memory: cluster.gitea.memory,
    },
  };
}

function toPostgres(cluster: Cluster): Source[] {
  const database = toDatabase(cluster);
  if (database === undefined) return [];
  const source: Source = {
    what: 'postgres',
    file: 'postgres.dump',
    room: cluster.gitea.postgres.storage,
    user: 999,
    copy: {
      image: pins.postgres,
      command: [
        'sh',
        '-c',
        `set -eu; PGPASSWORD="$(cat ${database.passwordFile})"; export PGPASSWORD; pg_dump -Fc -f /work/postgres.dump; pg_restore -l /work/postgres.dump >/dev/null`,
      ],
      env: toPostgresEnv(database),
      mounts: [database.mount],
      cpu: { request: 0.1 },
      memory: '256Mi',
    },
  };
  return [source];
}

interface Kept extends Omit<Source, 'copy'> {
  readonly restore?: 'latest';
}

/** Our program, which puts a file of /work away, or brings it back. */
function keeper(cluster: Cluster, { bucket, days }: Backup, source: Kept): Omit<PodProps, 'name'> {
  const { what, file, restore, user, nodeOf } = source;
  return {
    image: ownImage(cluster, 'api'),
    command: ['node', '/programs/backup.mjs'],
    env: envFromSchema(backupConfigSchema, {
      BELLOWS_BACKUP: what,
      BELLOWS_BACKUP_FILE: file.startsWith('/') ? file : `/work/${file}`,
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
    ...(nodeOf === undefined ? {} : { nodeOf }),
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
