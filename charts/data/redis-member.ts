import { redis, redisMembers } from '../places.ts';

const { sentinelPort, primary } = redisMembers;
/** Where what is this pod's alone stands, on its volume. */
const sentinelConf = '/data/sentinel.conf';

/** How many there are. With two of three, one may be lost and the others can still tell who is right. */
export const memberCount = 3;
/** As whom a member speaks to others. */
export const memberUsers = { replica: 'replica', sentinel: 'sentinel' } as const;

/** `redis-0.redis-members.ci.svc` */
export function toMembers(): string[] {
  const { name, namespace } = redisMembers;
  return Array.from({ length: memberCount }, (_, n) => `${redis.name}-${n}.${name}.${namespace}.svc`);
}

/** For BELLOWS_REDIS_URL. */
export function toSentinelUrl(): string {
  return `redis+sentinel://${toSentinels().join(',')}/${primary}`;
}

export function toSentinels(): string[] {
  return toMembers().map((host) => `${host}:${sentinelPort}`);
}

/**
 * `sh -c <this>` before Redis starts: finds out who the primary is, and writes down what only this pod can know, into
 * /run/redis-own (what the configuration includes) and its volume (what its sentinel goes on with).
 *
 * Whom the other sentinels call the primary, is. Where none answers, what its own sentinel knew last; the first of all,
 * where there was none. Who was the primary and comes back with an empty volume waits until the others have chosen: as the
 * primary it would have them copy that it has nothing.
 */
export const prepareMember = `set -eu
umask 077
members='${toMembers().join(' ')}'
me=$(echo "$members" | tr ' ' '\\n' | grep "^$HOSTNAME\\.")

# Each of the others is asked; the answer is a name, and nothing where nobody answers.
ask() {
  for other in $members; do
    [ "$other" = "$me" ] && continue
    timeout 2 redis-cli -h "$other" -p ${sentinelPort} --user probe --pass x --no-auth-warning \\
      sentinel get-master-addr-by-name ${primary} 2>/dev/null | head -n 1 | grep -x "[a-z0-9.-]*" && return
  done
  return 0
}

primary=$(ask)
while [ "$primary" = "$me" ] && [ ! -e /data/appendonlydir ]; do
  echo 'was the primary, and has no data: waiting for another one' >&2
  sleep 1
  primary=$(ask)
done
if [ -z "$primary" ] && [ -e ${sentinelConf} ]; then
  primary=$(sed -n 's/^sentinel monitor ${primary} "\\{0,1\\}\\([a-z0-9.-]*\\)"\\{0,1\\} .*/\\1/p' ${sentinelConf})
fi
: "\${primary:=\${members%% *}}"
echo "the primary is $primary" >&2

read_secret() { cat "/run/redis/redis-$1-password"; }
{
  echo "replica-announce-ip $me"
  echo 'masteruser ${memberUsers.replica}'
  echo "masterauth $(read_secret ${memberUsers.replica})"
  [ "$primary" = "$me" ] || echo "replicaof $primary ${redis.port}"
} >/run/redis-own/redis.conf

# What a sentinel has learnt stays; what it is told is written anew.
{
  if [ -e ${sentinelConf} ]; then
    grep -v -E '^(port|dir|protected-mode|aclfile|user|sentinel (announce-ip|announce-hostnames|resolve-hostnames|sentinel-user|sentinel-pass|auth-user|auth-pass|down-after-milliseconds|failover-timeout|parallel-syncs)) ' \\
      ${sentinelConf} || true
  else
    echo 'sentinel resolve-hostnames yes'
    echo "sentinel monitor ${primary} $primary ${redis.port} 2"
  fi
} >/run/redis-own/learnt
{
  cat /etc/redis/sentinel.conf
  echo "sentinel announce-ip $me"
  grep -v '^sentinel resolve-hostnames ' /run/redis-own/learnt || true
  echo 'sentinel auth-user ${primary} ${memberUsers.sentinel}'
  echo "sentinel auth-pass ${primary} $(read_secret ${memberUsers.sentinel})"
  echo "sentinel sentinel-pass $(read_secret ${memberUsers.sentinel})"
  cat /etc/redis/timing.conf
} >${sentinelConf}.new
mv ${sentinelConf}.new ${sentinelConf}
`;

/** What a sentinel is told before it learns anything. */
export const sentinelSettings = `port ${sentinelPort}
dir /tmp
protected-mode no
aclfile /run/redis/sentinel.acl
sentinel resolve-hostnames yes
sentinel announce-hostnames yes
sentinel sentinel-user ${memberUsers.sentinel}
`;

/** Lost after five seconds of silence; a failover is given up after fifteen, and begun again. */
export const sentinelTiming = `sentinel down-after-milliseconds ${primary} 5000
sentinel failover-timeout ${primary} 15000
sentinel parallel-syncs ${primary} 1
`;

/** Of redis.conf, what three have beside what one has. */
export const memberSettings: Readonly<Record<string, string | number>> = {
  include: '/run/redis-own/redis.conf',
  // A primary that nobody copies any more is perhaps none any more: it takes no write.
  'min-replicas-to-write': 1,
  'min-replicas-max-lag': 10,
  'repl-diskless-sync-delay': 0,
};
