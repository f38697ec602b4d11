import { ticketsKey } from '../../services/core/queue/keys.ts';
import type { Plan } from './program/generate.ts';

/**
 * What each Redis user may do (ACL SETUSER). KEDA reads how many tickets a pool has, and nothing else; the
 * api has all but what belongs to whoever runs Redis, and reads its settings to prove that they are right.
 */
export const redisRules: Plan['rules'] = {
  api: '~ci:* ~access:* resetchannels +@all -@admin -@dangerous +info +config|get',
  keda: `%R~${ticketsKey('*')} resetchannels -@all +@connection +xlen`,
  probe: 'resetkeys resetchannels -@all +ping',
};
