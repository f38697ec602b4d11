import { ticketsKey } from '../../services/core/queue/keys.ts';
import type { Cluster } from '../platform.ts';
import type { Plan, Rules } from './program/generate.ts';

/**
 * What each Redis user may do (ACL SETUSER). KEDA reads how many tickets a pool has, and nothing else; the
 * api has all but what belongs to whoever runs Redis, and reads its settings to prove that they are right.
 */
const redisRules: Rules = {
  api: '~ci:* ~access:* resetchannels +@all -@admin -@dangerous +info +config|get',
  keda: `%R~${ticketsKey('*')} resetchannels -@all +@connection +xlen`,
  probe: 'resetkeys resetchannels -@all +ping',
};

/** Between members: what copies, and what the sentinels say to them (Redis, "Sentinel", "Access Control List"). */
const memberRules = {
  replica: 'resetkeys resetchannels -@all +psync +replconf +ping',
  sentinel:
    'resetkeys allchannels -@all +multi +exec +ping +info +role +subscribe +publish +slaveof +replicaof +config|rewrite +client|setname +client|kill +script|kill',
};

/** Whoever may know which server is the primary, and hear when it is another. */
const asks =
  'allchannels -@all +@connection +ping +subscribe +psubscribe +sentinel|get-master-addr-by-name +sentinel|sentinels +sentinel|replicas +sentinel|slaves';
const sentinelRules: Rules = {
  api: asks,
  keda: asks,
  probe: 'resetchannels -@all +ping +sentinel|get-master-addr-by-name',
  sentinel: 'allchannels +@all',
};

/** What an exporter reads: how Redis is, and no key of it. */
const metricsRule =
  'resetkeys resetchannels -@all +ping +info +latency|latest +latency|histogram +slowlog|len +slowlog|get +client|setname +config|get +select';

/** Who copies everything, as a replica would (`redis-cli --rdb`). */
const backupRule = 'resetkeys resetchannels -@all +ping +replconf +psync +sync';

export function toRules({
  redis,
  backup,
}: Pick<Cluster, 'redis' | 'backup'>): Pick<Plan, 'rules' | 'sentinelRules'> {
  const rules = {
    ...redisRules,
    ...(redis.exporter ? { metrics: metricsRule } : {}),
    ...(backup === undefined ? {} : { backup: backupRule }),
  };
  if (redis.servers === 1) return { rules };
  return { rules: { ...rules, ...memberRules }, sentinelRules };
}
