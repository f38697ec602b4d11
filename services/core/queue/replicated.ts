import type { Redis } from 'ioredis';
import { QueueError, toQueueError } from './error.ts';
import { createRunner, type Run } from './run-script.ts';

export interface Replication {
  /** A few of its own: WAIT holds its connection until the replicas have answered. */
  connections: readonly Redis[];
  /** How many must have a write before it is answered. */
  replicas: number;
  /** @default 1000 */
  withinMs?: number;
}

/**
 * Runs a script, and answers only when its writes are on so many replicas: without that, a failover loses what was
 * acknowledged (Redis, "WAIT"). Where they are not in time nothing is known of the call, and repeating it is right;
 * the repeat waits for the first one's writes, too.
 */
export function createReplicatedRunner({ connections, replicas, withinMs = 1000 }: Replication): Run {
  const lanes = connections.map((redis) => {
    const lane = { redis, run: createRunner(redis), busy: 0, losses: 0 };
    redis.on('close', () => {
      lane.losses += 1;
    });
    return lane;
  });
  return async (script, args, keys) => {
    const lane = lanes.reduce((best, other) => (other.busy < best.busy ? other : best));
    lane.busy += 1;
    try {
      const reply = await lane.run(script, args, keys);
      const { losses } = lane;
      const copies = await lane.redis.wait(replicas, withinMs).catch((error: unknown) => {
        throw toQueueError(script.name, error);
      });
      // It was asked again of whoever is the primary now, who may never have seen these writes.
      if (lane.losses > losses)
        throw new QueueError(
          'unavailable',
          `${script.name}: its connection was lost before replicas answered`,
        );
      if (copies >= replicas) return reply;
      throw new QueueError(
        'unavailable',
        `${script.name}: only ${copies} of ${replicas} replicas have it after ${withinMs} ms`,
      );
    } finally {
      lane.busy -= 1;
    }
  };
}

/** Why what is written could not be answered for; empty when enough replicas follow. */
export async function findReplicaFaults(redis: Redis, replicas: number): Promise<string[]> {
  if (replicas === 0) return [];
  const info = await redis.info('replication').catch(() => '');
  const online = info.split('\n').filter((line) => /^slave\d+:.*state=online/.test(line)).length;
  return online >= replicas ? [] : [`Redis: ${online} replicas follow it, expected ${replicas}`];
}
