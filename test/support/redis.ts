import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  durableSettings,
  openRedis,
  type Redis,
  type RedisUse,
  startDurableRedis,
} from '../../services/core/runtime/index.ts';

export interface TestRedis {
  /** `unix:///…`, as the programs take it. */
  url: string;
  pid: number;
  /** Ready when it returns; ended by `stop`. */
  connect(use?: RedisUse): Promise<Redis>;
  /** As a crash would end it. */
  kill(): Promise<void>;
  /** Also says so if a connection that `connect` did not make is still open. */
  stop(): Promise<void>;
}

export interface TestRedisOptions {
  /** @default no, since most tests want speed; the promise about crashes has tests of its own */
  appendfsync?: 'always' | 'everysec' | 'no';
  /** More lines of redis.conf, as arguments. */
  settings?: Record<string, string>;
  /** A data folder that outlives this server. @default one of its own, removed by `stop` */
  folder?: string;
}

/** A real Redis on a unix socket in a folder of its own: no port, nothing of the machine's touched. */
export async function startRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'bellows-redis-')));
  const socket = join(folder, 'redis.sock');
  const settings: Record<string, string> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: folder,
    save: '',
    ...Object.fromEntries(durableSettings),
    appendfsync: options.appendfsync ?? 'no',
    daemonize: 'no',
    loglevel: 'warning',
    logfile: join(folder, 'redis.log'),
    ...options.settings,
  };
  const conf = join(folder, 'redis.conf');
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${JSON.stringify(value)}\n`);
  await writeFile(conf, lines.join(''));
  // What an earlier one of this folder left may end in the middle of a write.
  const args = ['-c', startDurableRedis, 'redis', 'redis-server', conf, folder, join(folder, 'load.sock')];
  const child =
    options.folder === undefined
      ? spawn('redis-server', [conf], { stdio: 'ignore' })
      : spawn('sh', args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  await untilListening(socket, exited).catch((error: unknown) => {
    child.kill('SIGKILL');
    throw error;
  });

  const url = `unix://${socket}`;
  const connections = new Set<Redis>();
  const connect = async (use: RedisUse = 'commands') => {
    const redis = openRedis({ url }, use);
    connections.add(redis);
    if (redis.status !== 'ready') await once(redis, 'ready');
    return redis;
  };
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  return {
    url,
    pid: child.pid ?? 0,
    connect,
    kill,
    async stop() {
      for (const redis of connections) redis.disconnect();
      const leaked = child.exitCode === null && child.signalCode === null ? await countClients(url) : 0;
      await kill();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
      if (leaked > 0)
        throw new Error(`${leaked} connections to Redis are still open; close what opened them`);
    },
  };
}

async function untilListening(socket: string, exited: Promise<unknown>): Promise<void> {
  const gone = exited.then(() => {
    throw new Error('redis-server ended before it listened; is Redis ≥ 7 installed?');
  });
  gone.catch(() => undefined);
  for (;;) {
    const client = createConnection(socket);
    try {
      await Promise.race([once(client, 'connect'), gone]);
      return;
    } catch (error) {
      if (!(typeof error === 'object' && error !== null && 'code' in error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    } finally {
      client.destroy();
    }
  }
}

/** Other clients than this one; Redis needs a moment to see that a socket was closed. */
async function countClients(url: string): Promise<number> {
  const redis = openRedis({ url }, 'commands');
  await once(redis, 'ready');
  try {
    let others = 0;
    for (let i = 0; i < 200; i++) {
      const list = String(await redis.client('LIST')).trim();
      others = list.split('\n').length - 1;
      if (others === 0) return 0;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return others;
  } finally {
    redis.disconnect();
  }
}
