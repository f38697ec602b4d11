import { toBytes } from '../constructs/size.ts';

/** Cores, bytes of memory, bytes of disk, GPUs or shares of them. */
export interface Amount {
  readonly cpu: number;
  readonly memory: number;
  readonly disk: number;
  readonly gpus: number;
}

/** How many agents a pool has at most, and how large each is. */
export interface PoolSize {
  readonly max: number;
  readonly cpu: number;
  /** `4Gi` */
  readonly memory: string;
  readonly disk: string;
  readonly gpu?: { readonly count: number } | undefined;
}

/** What a pool's agents take when all of them run. */
export function toMost({ max, cpu, memory, disk, gpu }: PoolSize): Amount {
  return {
    cpu: max * cpu,
    memory: max * toBytes(memory),
    disk: max * toBytes(disk),
    gpus: max * (gpu?.count ?? 0),
  };
}

export function toLargest(pools: Readonly<Record<string, PoolSize>>): Amount {
  return Object.values(pools)
    .map((pool) => toMost({ ...pool, max: 1 }))
    .reduce((largest, one) => ({
      cpu: Math.max(largest.cpu, one.cpu),
      memory: Math.max(largest.memory, one.memory),
      disk: Math.max(largest.disk, one.disk),
      gpus: Math.max(largest.gpus, one.gpus),
    }));
}

export function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((total, one) => ({
    cpu: total.cpu + one.cpu,
    memory: total.memory + one.memory,
    disk: total.disk + one.disk,
    gpus: total.gpus + one.gpus,
  }));
}
