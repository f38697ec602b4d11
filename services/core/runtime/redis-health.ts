import type { Redis } from 'ioredis';

/** What Redis says of itself (INFO), as far as it bears on the promise of the queue. */
export interface RedisHealth {
  usedBytes: number;
  /** 0: no limit. */
  maxBytes: number;
  clients: number;
  aofBytes: number;
  /** The append-only file is on, and its last write and its last rewrite went well. */
  aofOk: boolean;
  rewriting: boolean;
}

export async function readRedisHealth(redis: Redis): Promise<RedisHealth> {
  const texts = await Promise.all(['memory', 'clients', 'persistence'].map((section) => redis.info(section)));
  const fields = new Map(
    texts.flatMap((text) => text.split('\r\n').map((line) => line.split(':', 2) as [string, string])),
  );
  const number = (name: string) => Number(fields.get(name) ?? 0);
  return {
    usedBytes: number('used_memory'),
    maxBytes: number('maxmemory'),
    clients: number('connected_clients'),
    aofBytes: number('aof_current_size'),
    aofOk:
      fields.get('aof_enabled') === '1' &&
      fields.get('aof_last_write_status') === 'ok' &&
      fields.get('aof_last_bgrewrite_status') === 'ok',
    rewriting: fields.get('aof_rewrite_in_progress') === '1',
  };
}
