import type { ContainerProps } from '../constructs/pod.ts';
import { claimOf } from '../constructs/stateful.ts';
import { toDatabase, toPostgresEnv } from '../database.ts';
import { giteaUser } from '../forge/gitea.ts';
import { ownImage, pins } from '../pins.ts';
import { gitea, hostOf, redis, redisMembers, secrets } from '../places.ts';
import type { Cluster } from '../platform.ts';

/** What has to be copied and brought back, how, and as which user. The copy is a file in /work. */
export interface Source {
  readonly what: string;
  readonly file: string;
  readonly room: string;
  readonly copy: Container;
  readonly back: Container;
  readonly user: number;
  /** Its volume is read, which only its own node can. */
  readonly nodeOf?: string;
}

type Container = Omit<ContainerProps, 'name'>;

export function toSources(cluster: Cluster): Source[] {
  return [toRedis(cluster), toGitea(cluster), ...toPostgres(cluster)];
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
    back: {
      image: pins.redis,
      command: ['sh', '-c', bringRedisBack],
      mounts: [{ name: 'data', path: '/data', from: { volume: claimOf(redis.name) } }],
      cpu: { request: 0.1 },
      memory: '128Mi',
    },
  };
}

/**
 * The volume as it lies, but for what Gitea makes anew, with SQLite's file as of one moment. It is taken first, so that
 * what it names is there still; a file that went or grew meanwhile, as git's temporary ones do, is no error (tar: 1).
 */
export function copyGitea(isSqlite: boolean): string {
  const database = `node --disable-warning=ExperimentalWarning - <<'END'
const { DatabaseSync } = require('node:sqlite');
new DatabaseSync('/var/lib/gitea/data/gitea.db', { timeout: 60000 }).exec("VACUUM INTO '/work/data/gitea.db'");
const [{ integrity_check: said }] = new DatabaseSync('/work/data/gitea.db').prepare('PRAGMA integrity_check').all();
if (said !== 'ok') throw new Error('gitea.db is damaged: ' + said);
END
`;
  return `set -eu
umask 077
rm -rf /work/data
mkdir /work/data
${isSqlite ? database : ''}status=0
tar -czf /work/gitea.tar.gz \\
  --exclude='./data/gitea.db*' --exclude=./data/sessions --exclude=./data/log --exclude=./log --exclude=./queues \\
  --exclude=./indexers --exclude=./tmp --exclude=./repo-archive --exclude='./before-*' --exclude='./lost+found' \\
  -C /work data -C /var/lib/gitea . || status=$?
[ "$status" -le 1 ]
`;
}

/** What was there is put aside, not away. */
export const bringGiteaBack = `set -eu
cd /var/lib/gitea
aside=before-$(date +%s)
mkdir "$aside"
for each in * .[!.]*; do
  case $each in before-* | lost+found) continue ;; esac
  [ ! -e "$each" ] || mv "$each" "$aside"
done
tar -xzf /work/gitea.tar.gz --no-overwrite-dir
sync
`;

/** Repositories, packages, LFS, attachments, and the database where it is a file. */
function toGitea(cluster: Cluster): Source {
  const container = {
    image: ownImage(cluster, 'api'),
    mounts: [
      { name: 'data', path: '/var/lib/gitea', from: { volume: claimOf(gitea.name) } },
      { name: 'tmp', path: '/tmp', from: { scratch: '16Mi' } },
    ],
    cpu: { request: 0.1 },
    memory: '512Mi',
  };
  return {
    what: 'gitea',
    file: 'gitea.tar.gz',
    room: cluster.gitea.storage,
    user: giteaUser,
    nodeOf: gitea.name,
    copy: { ...container, command: ['sh', '-c', copyGitea(cluster.gitea.database === 'sqlite')] },
    back: { ...container, command: ['sh', '-c', bringGiteaBack] },
  };
}

/** As one transaction: all of it, or what was there before. */
const bringPostgresBack =
  'pg_restore --clean --if-exists --no-owner --single-transaction -d "$PGDATABASE" /work/postgres.dump';

function toPostgres(cluster: Cluster): Source[] {
  const database = toDatabase(cluster);
  if (database === undefined) return [];
  const toContainer = (command: string) => ({
    image: pins.postgres,
    command: [
      'sh',
      '-c',
      `set -eu; PGPASSWORD="$(cat ${database.passwordFile})"; export PGPASSWORD; ${command}`,
    ],
    env: toPostgresEnv(database),
    mounts: [database.mount],
    cpu: { request: 0.1 },
    memory: '256Mi',
  });
  const source: Source = {
    what: 'postgres',
    file: 'postgres.dump',
    room: cluster.gitea.postgres.storage,
    user: 999,
    copy: toContainer('pg_dump -Fc -f /work/postgres.dump; pg_restore -l /work/postgres.dump >/dev/null'),
    back: toContainer(bringPostgresBack),
  };
  return [source];
}
