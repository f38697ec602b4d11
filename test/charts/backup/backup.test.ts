import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { bringRedisBack } from '../../../charts/backup/sources.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { toRules } from '../../../charts/secrets/redis-rules.ts';
import { backupConfigSchema } from '../../../services/backup/config.ts';
import { runBackup } from '../../../services/backup/run.ts';
import { startRedis } from '../../support/redis.ts';

const run = promisify(execFile);
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-backup-'));
});
afterEach(() => rm(folder, { recursive: true }));

const config = (what: string, more: Record<string, string> = {}) =>
  backupConfigSchema.parse({
    BELLOWS_BACKUP: what,
    BELLOWS_BACKUP_FILE: join(folder, 'copy'),
    BELLOWS_STORE: join(folder, 'store'),
    ...more,
  });
const day = (n: number) => new Date(Date.UTC(2026, 10, n, 2, 30));

test('a copy of a real Redis, made by the user that is for that, put away and brought back, holds every key', async () => {
  const { home } = platformSchema.parse({
    clusters: { home: { backup: { volume: '1Gi' }, pools: { m: { arch: 'amd64', max: 1 } } } },
  }).clusters;
  const rule = home && toRules(home).rules.backup;
  const redis = await startRedis();
  const commands = await redis.connect();
  await commands.call('ACL', 'SETUSER', 'backup', 'on', '>secret', ...(rule ?? '').split(' '));
  for (let i = 0; i < 300; i++) await commands.xadd(`ci:{q}:log:${i % 10}`, '*', 'n', String(i));
  await commands.set('ci:{q}:seq', '300', 'PX', 1_000_000);
  const dump = async (file: string) => {
    const socket = redis.url.slice('unix://'.length);
    const env = { ...process.env, REDISCLI_AUTH: 'secret' };
    await run('redis-cli', ['-s', socket, '--user', 'backup', '--no-auth-warning', '--rdb', file], { env });
    await run('redis-check-rdb', [file]);
    return run('redis-cli', ['-s', socket, '--user', 'backup', '--no-auth-warning', 'GET', 'ci:{q}:seq'], {
      env,
    });
  };
  expect((await dump(join(folder, 'copy'))).stdout).toMatch(/^NOPERM/);
  await redis.stop();
  expect(await runBackup(config('redis'), day(1))).toEqual(['redis of 20261101T023000Z is put away']);

  // Another machine: an empty volume, or one with what went wrong.
  const [data, work] = [join(folder, 'data'), join(folder, 'work')];
  await mkdir(join(data, 'appendonlydir'), { recursive: true });
  await mkdir(work);
  await writeFile(join(data, 'appendonlydir', 'broken'), 'x');
  const back = { BELLOWS_BACKUP_RESTORE: 'latest', BELLOWS_BACKUP_FILE: join(work, 'redis.rdb') };
  await runBackup(config('redis', back), day(2));
  const here = bringRedisBack.replaceAll('/data', data).replaceAll('/work', work);
  await run('sh', ['-c', here]);
  const again = await startRedis({ folder: data });
  try {
    const restored = await again.connect();
    expect(await restored.get('ci:{q}:seq')).toBe('300');
    expect(await restored.xlen('ci:{q}:log:7')).toBe(30);
    expect(await restored.pttl('ci:{q}:seq')).toBeGreaterThan(0);
    // What is written from here on is kept as ever.
    await restored.set('ci:{q}:after', 'yes');
    restored.disconnect();
    await again.kill();
    const third = await startRedis({ folder: data });
    expect(await (await third.connect()).get('ci:{q}:after')).toBe('yes');
    await third.stop();
  } finally {
    await again.stop();
  }
  expect((await readdir(data)).some((name) => name.startsWith('appendonlydir.before-'))).toBe(true);
});
