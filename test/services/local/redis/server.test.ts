import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdir, mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createReaper, type Reaper } from '../../../../services/core/execute/index.ts';
import { openRedis, type Redis } from '../../../../services/core/runtime/index.ts';
import { toMaxMemory, toRedisConf } from '../../../../services/local/redis/conf.ts';
import { endLeftover } from '../../../../services/local/redis/leftover.ts';
import { openRedisServer, type RedisServerOptions } from '../../../../services/local/redis/server.ts';

let folder: string;
let reaper: Reaper;
let options: RedisServerOptions;
const losses: string[] = [];
const password = 'p'.repeat(43);

beforeEach(async () => {
  // A space and a quote, as in a person's own folder.
  folder = await mkdtemp(join(tmpdir(), 'bellows "x" '));
  reaper = createReaper();
  losses.length = 0;
  options = {
    reaper,
    program: 'redis-server',
    path: process.env.PATH ?? '',
    folder,
    run: folder,
    logFile: join(folder, 'redis.log'),
    apiPassword: password,
    onLoss: (text) => losses.push(text),
  };
});
afterEach(async () => {
  await reaper.stop();
  await rm(folder, { recursive: true, force: true });
});

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

test('it promises durability, and only the api may ask it anything', async () => {
  const server = await openRedisServer(options);
  const api = openRedis({ url: server.url, username: 'api', password }, 'blocking');
  const other = connect(join(folder, 'redis.sock'));
  try {
    expect(await api.config('GET', 'append*')).toEqual(
      expect.arrayContaining(['appendonly', 'yes', 'appendfsync', 'always']),
    );
    expect(await api.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await api.set('ci:q:x', '1')).toBe('OK');
    await expect(api.set('other', '1')).rejects.toThrow(/NOPERM/);
    for (const [command, ...args] of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'SET', 'appendonly', 'no'],
      ['SHUTDOWN'],
      ['DEBUG', 'SLEEP', '0'],
    ])
      await expect(api.call(`${command}`, ...args)).rejects.toThrow(/NOPERM|not allowed/);
    other.write('GET ci:q:x\r\n');
    expect(String(await once(other, 'data'))).toMatch(/NOAUTH/);
    expect((await stat(join(folder, 'redis.sock'))).mode & 0o777).toBe(0o700);
  } finally {
    api.disconnect();
    other.destroy();
    await server.stop();
  }
  expect(await isThere(join(folder, 'redis.sock'))).toBe(false);
});

test('it comes back by itself with what it had acknowledged', async () => {
  const server = await openRedisServer(options);
  const api = openRedis({ url: server.url, username: 'api', password }, 'blocking');
  try {
    await api.set('ci:q:x', 'kept');
    const closed = once(api, 'close');
    server.kill('SIGKILL');
    await closed;
    expect(await api.get('ci:q:x')).toBe('kept');
    expect(losses).toEqual(['signal SIGKILL']);
  } finally {
    api.disconnect();
    await server.stop();
  }
});

test('a file that a crash cut off in the middle of a write holds whole scripts only, now and after the next start', async () => {
  const claim = "redis.call('LPOP', KEYS[1]) return redis.call('INCR', KEYS[2])";
  const using = async (use: (api: Redis) => Promise<unknown>) => {
    const server = await openRedisServer(options);
    const api = openRedis({ url: server.url, username: 'api', password }, 'blocking');
    try {
      return await use(api);
    } finally {
      api.disconnect();
      await server.stop();
    }
  };
  await using(async (api) => {
    await api.rpush('ci:l', 'a', 'b', 'c');
    await api.eval(claim, 2, 'ci:l', 'ci:n');
  });
  const file = join(folder, 'appendonlydir', 'appendonly.aof.1.incr.aof');
  await truncate(file, (await stat(file)).size - 4);
  const look = (api: Redis) => api.lrange('ci:l', 0, -1);
  expect(
    await using(async (api) => {
      const before = await look(api);
      await api.eval(claim, 2, 'ci:l', 'ci:n');
      return before;
    }),
  ).toEqual(['a', 'b', 'c']);
  expect(await using(look)).toEqual(['b', 'c']);
});

test('a Redis that outlived its parent is ended before the next one starts', async () => {
  const confFile = join(folder, 'left.conf');
  const socket = join(folder, 'redis.sock');
  const pidFile = join(folder, 'redis.pid');
  const conf = { folder, socket, pidFile, aclFile: join(folder, 'users.acl'), maxMemoryBytes: 2 ** 28 };
  await writeFile(conf.aclFile, 'user default on nopass ~* +@all\n');
  await writeFile(confFile, toRedisConf(conf));
  const left = spawn('redis-server', [confFile], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(left, 'exit');
  for await (const part of left.stdout) if (/ready to accept/i.test(String(part))) break;
  const server = await openRedisServer(options);
  await ended;
  expect(server.pid).not.toBe(left.pid);
  await server.stop();
});

test('a pid file that names somebody else ends nobody', async () => {
  const other = spawn('sleep', ['300']);
  await once(other, 'spawn');
  await writeFile(join(folder, 'redis.pid'), `${other.pid}\n`);
  expect(await endLeftover(join(folder, 'redis.pid'), join(folder, 'redis.sock'))).toBeUndefined();
  expect(other.exitCode ?? other.signalCode).toBeNull();
  const ended = once(other, 'exit');
  other.kill();
  await ended;
});

test('a Redis that cannot start names its log', async () => {
  await mkdir(join(folder, 'appendonlydir'), { mode: 0o700 });
  await writeFile(join(folder, 'appendonlydir', 'appendonly.aof.manifest'), 'nonsense\n');
  await expect(openRedisServer(options)).rejects.toThrow(
    `its log: ${options.logFile}) did not start: exit code 1`,
  );
});

test('it takes a quarter of the machine, within bounds', () => {
  const gib = 2 ** 30;
  expect([0.5 * gib, 4 * gib, 64 * gib].map(toMaxMemory)).toEqual([0.25 * gib, gib, 2 * gib]);
});

test('a folder whose name cannot stand in a configuration file is refused', () => {
  const conf = { folder: '/a\nport 1', socket: '/s', pidFile: '/p', aclFile: '/a', maxMemoryBytes: 1 };
  expect(() => toRedisConf(conf)).toThrow(/line break/);
});
