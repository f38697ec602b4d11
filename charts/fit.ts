import { toBytes } from './constructs/size.ts';
import { type Amount, type PoolSize, sum, toMost } from './scaling/most.ts';

/** What k3s, the kubelet and the system keep of each machine; the kubelet is told the same. */
export const reserved = { cpu: 0.5, memory: '1Gi' } as const;

/** Why a cluster's machines cannot carry its pools. */
export interface Misfit {
  /** Below the cluster: `['pools', 'arm64-l', 'max']`. */
  readonly path: readonly string[];
  readonly message: string;
}

export interface Machine {
  readonly arch: string;
  readonly cpu: number;
  readonly memory: string;
  readonly disk?: string | undefined;
  readonly gpus?: number | undefined;
  readonly count: number;
}

interface Sized {
  readonly machines?: readonly Machine[] | undefined;
  readonly gpu?: { readonly shares: number };
  readonly pools: Readonly<Record<string, PoolSize & { readonly arch: string }>>;
}

/**
 * Each agent has to fit a machine of its architecture, and all of them together all such machines: else jobs wait for
 * agents that are never scheduled, and nothing says why. Nothing is said of a cluster whose machines are not known.
 */
export function findMisfits({ machines, pools, gpu = { shares: 1 } }: Sized): Misfit[] {
  const greedy = Object.entries(pools).filter(([, pool]) => gpu.shares > 1 && (pool.gpu?.count ?? 0) > 1);
  if (greedy.length > 0)
    // The second share would be of the same GPU, and no second one.
    return greedy.map(([name]) => ({
      path: ['pools', name, 'gpu', 'count'],
      message: 'expected 1, since GPUs are given out in shares',
    }));
  if (machines === undefined) return [];
  const roomOf = (machine: Machine) => toRoom(machine, gpu.shares);
  return Object.entries(pools).flatMap(([name, pool]) => {
    const alike = machines.filter(({ arch }) => arch === pool.arch);
    if (alike.length === 0)
      return [{ path: ['pools', name, 'arch'], message: `expected one of the machines' architectures` }];
    const one = toMost({ ...pool, max: 1 });
    const rooms = alike.map(roomOf);
    const short = parts.find((part) => rooms.every((room) => room[part] < one[part]));
    if (short !== undefined)
      return [
        {
          path: ['pools', name, ...(short === 'gpus' ? ['gpu', 'count'] : [short])],
          message: `expected what one ${pool.arch} machine can give, at most ${say(short, Math.max(...rooms.map((room) => room[short])))}`,
        },
      ];
    const all = sum(alike.map((machine) => times(roomOf(machine), machine.count)));
    const others = Object.entries(pools).filter(([other, { arch }]) => other !== name && arch === pool.arch);
    const most = sum([toMost(pool), ...others.map(([, other]) => toMost(other))]);
    const over = parts.find((part) => most[part] > all[part]);
    if (over === undefined) return [];
    return [
      {
        path: ['pools', name, 'max'],
        message: `expected fewer: all ${pool.arch} agents at their most need ${say(over, most[over])}, the machines give ${say(over, all[over])}`,
      },
    ];
  });
}

const parts = ['cpu', 'memory', 'disk', 'gpus'] as const;

function toRoom({ cpu, memory, disk, gpus = 0 }: Machine, shares: number): Amount {
  return {
    cpu: cpu - reserved.cpu,
    memory: toBytes(memory) - toBytes(reserved.memory),
    disk: disk === undefined ? Number.POSITIVE_INFINITY : toBytes(disk),
    gpus: gpus * shares,
  };
}

function times({ cpu, memory, disk, gpus }: Amount, count: number): Amount {
  return { cpu: cpu * count, memory: memory * count, disk: disk * count, gpus: gpus * count };
}

function say(part: (typeof parts)[number], value: number): string {
  if (part === 'gpus') return `${value} GPUs`;
  return part === 'cpu'
    ? `${Math.round(value * 100) / 100} cores`
    : `${Math.floor(value / 2 ** 20)}Mi of ${part}`;
}
