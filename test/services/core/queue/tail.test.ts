import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createTail, type Entry } from '../../../../services/core/queue/tail.ts';
import { openRedis, type Redis } from '../../../../services/core/runtime/index.ts';
import { startRedis } from '../../../support/redis.ts';

test('a reader that comes while Redis is away hears what follows its return', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-tail-'));
  const first = await startRedis({ folder });
  const opened: Redis[] = [];
  const tail = createTail(() => {
    const redis = openRedis({ url: first.url }, 'blocking');
    opened.push(redis);
    return redis;
  });
  try {
    const forget = tail.watch('one', '0-0', () => undefined);
    const [blocking] = opened;
    if (blocking === undefined) throw new Error('nothing was opened');
    await once(blocking, 'ready');
    const lost = new Promise((resolve) => blocking.once('reconnecting', resolve));
    await first.kill();
    await lost;

    // All readers go when their streams fail, and come back one by one: a key that is new to the read.
    forget();
    const heard = new Promise<Entry | undefined>((resolve) => {
      tail.watch('two', '0-0', (_key, [entry]) => resolve(entry));
    });
    const second = await startRedis({ folder });
    const commands = await second.connect();
    await commands.xadd('two', '5-0', 'e', 'x');
    expect((await heard)?.id).toBe('5-0');
    await tail.close();
    await second.stop();
  } finally {
    await tail.close();
    await first.stop();
    await rm(folder, { recursive: true });
  }
});
