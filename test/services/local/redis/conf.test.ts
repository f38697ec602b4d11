import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReaper, type Reaper } from '../../../../services/core/execute/index.ts';
import { openRedis } from '../../../../services/core/runtime/index.ts';
import { openRedisServer } from '../../../../services/local/redis/server.ts';

let folder: string;
let reaper: Reaper;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-redis-conf-'));
  reaper = createReaper();
});
afterEach(async () => {
  await reaper.stop();
  await rm(folder, { recursive: true, force: true });
});

test('what a script wrote in several commands is there again after a kill', async () => {
  const password = 'p'.repeat(43);
  const server = await openRedisServer({
    reaper,
    program: 'redis-server',
    path: process.env.PATH ?? '',
    folder,
    run: folder,
    logFile: join(folder, 'redis.log'),
    apiPassword: password,
    onLoss: () => undefined,
  });
  const api = openRedis({ url: server.url, username: 'api', password }, 'blocking');
  try {
    // Two writes of one script stand as MULTI and EXEC in the append-only file.
    await api.eval("redis.call('SET', KEYS[1], 1) redis.call('SET', KEYS[2], 2)", 2, 'ci:q:one', 'ci:q:two');
    server.kill('SIGKILL');
    expect(await api.mget('ci:q:one', 'ci:q:two')).toEqual(['1', '2']);
  } finally {
    api.disconnect();
    await server.stop();
  }
});
