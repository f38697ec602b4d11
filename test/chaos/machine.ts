import { readFileSync } from 'node:fs';
import type { Redis } from '../../services/core/runtime/index.ts';

/** How long the machine let somebody wait: a lease that ran out meanwhile says nothing of the queue. */
export interface Waits {
  /** Since it began, milliseconds, of the one that waited most. */
  soFar(): number;
  /** The same, and what Redis waited for its disk. */
  stop(): Promise<number>;
}

const stepMs = 50;

/** @param pids whoever has to be in time; those of processes that are started meanwhile count from their start */
export function watchMachine(redis: Redis, pids: () => (number | undefined)[]): Waits {
  const since = Math.floor(Date.now() / 1000);
  const first = new Map(pids().map((pid) => [pid, readRunDelayMs(pid)]));
  /** Of each process, also of one that has ended, what it had waited when it was last seen. */
  const last = new Map<number | undefined, number>();
  const look = () => {
    for (const pid of pids()) last.set(pid, Math.max(last.get(pid) ?? 0, readRunDelayMs(pid)));
  };
  const timer = setInterval(look, stepMs);
  const soFar = () => {
    let most = 0;
    for (const [pid, ms] of last) most = Math.max(most, ms - (first.get(pid) ?? 0));
    return most;
  };
  return {
    soFar,
    stop: async () => {
      clearInterval(timer);
      look();
      return soFar() + (redis.status === 'ready' ? await readDiskMs(redis, since) : 0);
    },
  };
}

/** proc(5), schedstat: time on a processor, time that it waited for one, both ns. 0 where there is no such file. */
function readRunDelayMs(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

/** Redis keeps the slowest of each second; it needs `latency-monitor-threshold`. */
async function readDiskMs(redis: Redis, since: number): Promise<number> {
  let sum = 0;
  for (const event of ['aof-fsync-always', 'aof-write-alone', 'aof-write-pending-fsync']) {
    const history = await redis.call('LATENCY', 'HISTORY', event).catch(() => []);
    for (const [at, ms] of history as [number, number][]) if (at >= since) sum += ms;
  }
  return sum;
}
