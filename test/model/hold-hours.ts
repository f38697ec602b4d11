import { toKey, toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';

const hourMs = 3_600_000;

/**
 * A long run lasts hours itself, and its model knows only those that it is told of: the hours of each repository, and
 * what waits for one, begin as late as the run has gone on in them.
 */
export async function holdHours(redis: Redis, repositories: readonly string[]): Promise<void> {
  const [seconds = 0, microseconds = 0] = await redis.time();
  // To the millisecond, as scripts count: an hour that has just passed would else seem not over, and come again.
  const now = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  for (const repository of repositories) {
    const key = toKeyOf('hour', repository);
    const from = await redis.hget(key, 'from');
    if (from === null) continue;
    const gone = (now - Number(from)) % hourMs;
    if (gone <= 0) continue;
    await redis.hincrby(key, 'from', gone);
    await redis.pexpireat(key, Number(await redis.call('PEXPIRETIME', key)) + gone);
    const delayed = await redis.zrange(toKey('delayed'), '0', '-1');
    for (const id of delayed) await redis.zincrby(toKey('delayed'), gone, id);
  }
}
