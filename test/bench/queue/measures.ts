import type { Redis } from 'ioredis';
import type { Side } from './side.ts';

export interface Measure {
  name: string;
  /** Ours over theirs, at least. */
  goal: number;
  /** @returns jobs per second */
  run(side: Side, size: number): Promise<number>;
}

export const measures: readonly Measure[] = [
  { name: 'enqueue, sequential', goal: 1, run: (side, size) => enqueue(side, size / 4, 1) },
  { name: 'enqueue, 64 in flight', goal: 1.2, run: (side, size) => enqueue(side, size, 64) },
  { name: 'enqueue, 100 in one call', goal: 1.8, run: enqueueMany },
  { name: 'claim + complete, 1 connection', goal: 1, run: (side, size) => work(side, size / 4, 1) },
  { name: 'claim + complete, 16 connections', goal: 1, run: (side, size) => work(side, size, 16) },
];

async function enqueue(side: Side, count: number, width: number): Promise<number> {
  const calls = Array.from({ length: count }, (_, n) => side.one(n));
  return toRate(count, () => inFlight(width, calls));
}

async function enqueueMany(side: Side, count: number): Promise<number> {
  const calls = Array.from({ length: count / 100 }, (_, n) => side.many(n * 100, 100));
  return toRate(count, () => inFlight(1, calls));
}

async function work(side: Side, count: number, agents: number): Promise<number> {
  await enqueueMany(side, count);
  const opened = await Promise.all(Array.from({ length: agents }, (_, agent) => side.openAgent(agent)));
  let done = 0;
  const rate = await toRate(count, async () => {
    const each = await Promise.all(opened.map((agent) => agent()));
    done = each.reduce((sum, jobs) => sum + jobs, 0);
  });
  if (done !== count) throw new Error(`${side.name}: ${done} of ${count} jobs done`);
  return rate;
}

/** Of Redis' memory, all keys counted; a first hundred jobs make what is there once. */
export async function measureBytes(admin: Redis, side: Side, count: number): Promise<number> {
  await side.many(0, 100)();
  const used = async () => Number(/used_memory_dataset:(\d+)/.exec(await admin.info('memory'))?.[1]);
  const before = await used();
  for (let n = 100; n < 100 + count; n += 1000) {
    const calls = Array.from({ length: Math.min(1000, 100 + count - n) }, (_, i) => side.one(n + i));
    await inFlight(64, calls);
  }
  return ((await used()) - before) / count;
}

async function inFlight(width: number, calls: readonly (() => Promise<unknown>)[]): Promise<void> {
  const left = calls.values();
  const lane = async () => {
    for (const call of left) await call();
  };
  await Promise.all(Array.from({ length: width }, lane));
}

async function toRate(count: number, act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return (count / (performance.now() - started)) * 1000;
}
