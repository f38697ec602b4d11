import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openRedis, type Redis, startDurableRedis } from '../../services/core/runtime/index.ts';
import { toRedisConf, toRedisUsers } from '../../services/local/redis/conf.ts';
import type { Random } from '../model/random.ts';
import type { ShimPage } from './shim.ts';

const patienceMs = 120_000;

export interface RedisServerOptions {
  folder: string;
  apiPassword: string;
  page?: ShimPage | undefined;
  /** Lines of redis.conf beside those of the promise. */
  more?: readonly string[];
}

/** A Redis with the settings of the promise, and what they do not allow anybody: a user for whoever breaks it. */
export interface RedisServer {
  socket: string;
  /** Of everything that is not there by default. */
  files(): string[];
  readonly alive: boolean;
  readonly pid: number | undefined;
  /** How often it was started. */
  readonly starts: number;
  /** Ready when it returns. @throws when it ends before it is. */
  start(): Promise<void>;
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** As `kill`, and of each file nothing is left that was not synced, but for what chance leaves. */
  cutPower(random: Random): Promise<void>;
  untilEnded(): Promise<void>;
  /** A connection that may do everything. */
  connect(): Promise<Redis>;
}

export async function createRedisServer(options: RedisServerOptions): Promise<RedisServer> {
  const { folder, page } = options;
  const data = join(folder, 'data');
  const socket = join(folder, 'redis.sock');
  const aclFile = join(folder, 'users.acl');
  const confFile = join(folder, 'redis.conf');
  await mkdir(data, { recursive: true });
  const conf = toRedisConf({
    folder: data,
    socket,
    pidFile: join(folder, 'redis.pid'),
    aclFile,
    maxMemoryBytes: 2 ** 30,
  });
  writeFileSync(
    confFile,
    [conf, 'enable-debug-command yes', 'latency-monitor-threshold 5', ...(options.more ?? []), ''].join('\n'),
  );
  writeFileSync(aclFile, `${toRedisUsers(options.apiPassword)}user chaos on nopass ~* &* +@all\n`);
  let child: ChildProcess | undefined;
  let ended: Promise<unknown> = Promise.resolve();
  let starts = 0;

  const isAlive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL') => {
    if (child?.pid !== undefined && isAlive()) process.kill(-child.pid, signal);
    await ended;
  };
  const aof = join(data, 'appendonlydir');
  const files = () => {
    try {
      return readdirSync(aof).map((name) => join(aof, name));
    } catch {
      return [];
    }
  };
  return {
    socket,
    files,
    get alive() {
      return isAlive();
    },
    get pid() {
      return child?.pid;
    },
    get starts() {
      return starts;
    },
    async start() {
      if (isAlive()) return;
      page?.forgetSyncs(files());
      starts += 1;
      const log = openSync(join(folder, 'redis.log'), 'a');
      const args = ['redis-server', confFile, data, join(folder, 'load.sock')];
      child = spawn('sh', ['-c', startDurableRedis, 'redis', ...args], {
        cwd: data,
        // A group of its own: killed while it mends its file, nothing of it stays.
        detached: true,
        stdio: ['ignore', log, log],
        env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', ...page?.env },
      });
      closeSync(log);
      ended = once(child, 'exit');
      while (!(await isReady(socket))) {
        // Another fault killed it meanwhile, and starts it again.
        if (child.signalCode === 'SIGKILL') return;
        if (!isAlive()) throw new Error(`redis-server does not start: ${tail(join(folder, 'redis.log'))}`);
        await delay(3);
      }
    },
    kill,
    async cutPower(random) {
      if (page === undefined) throw new Error('a power cut needs the shim');
      await kill();
      for (const file of files()) {
        const kept = page.synced(file) ?? 0;
        const size = readFileSync(file).length;
        if (kept < size) truncateSync(file, kept + random.below(size - kept + 1));
      }
    },
    untilEnded: async () => void (await ended),
    async connect() {
      const redis = openRedis(
        { url: `unix://${encodeURI(socket)}`, username: 'chaos', password: 'chaos' },
        'commands',
      );
      redis.on('error', () => undefined);
      // Whoever looks on has more patience than the api: a slow machine is no broken promise.
      Object.assign(redis.options, { commandTimeout: patienceMs, socketTimeout: patienceMs });
      if (redis.status !== 'ready') await once(redis, 'ready');
      return redis;
    },
  };
}

/** It loads its data before it answers, and says so. */
function isReady(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const client = createConnection(socket);
    client.on('connect', () => client.write('AUTH chaos chaos\r\nPING\r\n'));
    client.on('data', (bytes) => {
      const text = bytes.toString();
      if (text.includes('PONG')) resolve(true);
      else if (text.includes('-')) resolve(false);
      if (/PONG|-/.test(text)) client.destroy();
    });
    client.on('error', () => resolve(false));
    client.on('close', () => resolve(false));
  });
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trim().split('\n').slice(-3).join(' / ');
}
