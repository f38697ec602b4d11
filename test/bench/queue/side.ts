import { once } from 'node:events';
import { Redis } from 'ioredis';
import { type JobSpec, toId } from '../../../services/core/job/index.ts';
import { specOf1KiB } from './spec.ts';

/** What both queues can do. Calls are made with all they need, so that only the queue is timed. */
export interface Side {
  name: string;
  one(n: number): () => Promise<unknown>;
  many(from: number, count: number): () => Promise<unknown>;
  /** Takes and completes jobs until there are none, on a connection of its own. */
  openAgent(agent: number): Promise<() => Promise<number>>;
  close(): Promise<void>;
}

export type OpenSide = (path: string, seed: number) => Promise<Side>;

/** Job `n` of a run: the same for all sides. */
export function toSpec(seed: number, n: number): JobSpec {
  return { ...specOf1KiB, sha: toId(seed, n) + toId(n, seed) };
}

export async function openConnection(path: string): Promise<Redis> {
  const redis = new Redis({ path, maxRetriesPerRequest: null });
  await once(redis, 'ready');
  return redis;
}
