import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createQueue, type Queue, type QueueDeps } from '../../services/core/queue/index.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import { startRedis, type TestRedis } from './redis.ts';

export interface OpenedQueue {
  redis: TestRedis;
  commands: Redis;
  queue: Queue;
}

/**
 * A queue for each test of a file, on one Redis that is empty before each. Called at the file's top.
 *
 * @param give is given it before each test
 */
export function useQueue(give: (opened: OpenedQueue) => void, given: Partial<QueueDeps> = {}): void {
  let redis: TestRedis;
  let commands: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    commands = await redis.connect();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await commands.flushall();
    give({ redis, commands, queue: createQueue({ commands, leaseMs: 30_000, ...given }) });
  });
}
