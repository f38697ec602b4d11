import { readFileSync } from 'node:fs';
import type { Redis } from '../../services/core/runtime/index.ts';

/** How long the machine kept somebody waiting, milliseconds: a lease that ran out meanwhile says nothing of the queue. */
export interface Waits {
  stop(): Promise<number>;
}

/** How late a timer of our own may be before that says something. */
const stepMs = 10;

/**
 * Since now, the longest of: a process' wait for a processor, in all; Redis' wait for its disk, in all; one timer's
 * wait in this process.
 *
 * @param pids whoever has to be in time; those of processes that are started meanwhile count from their start
 */
export function watchMachine(redis: Redis, pids: () => (number | undefined)[]): Waits {
  const since = Math.floor(Date.now() / 1000);
  const before = new Map(pids().map((pid) => [pid, readRunDelayMs(pid)]));
  let timerMs = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    timerMs = Math.max(timerMs, performance.now() - last - stepMs);
    last = performance.now();
  }, stepMs);
  return {
    stop: async () => {
      clearInterval(timer);
      const ran = pids().map((pid) => readRunDelayMs(pid) - (before.get(pid) ?? 0));
      return Math.max(timerMs, await readDiskMs(redis, since), ...ran);
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
