import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createToken } from '../../services/core/access/index.ts';
import { createQueue, createRepositories, type Queue } from '../../services/core/queue/index.ts';
import { toKeyOf } from '../../services/core/queue/keys.ts';
import type { Redis } from '../../services/core/runtime/index.ts';
import { type ChaosForge, openForge, repositories } from './forge.ts';
import { type Link, openLink } from './link.ts';
import type { Programs } from './programs.ts';
import { createRedisServer, type RedisServer } from './redis.ts';
import { createReplica, type Replica } from './replica.ts';
import { openShimPage, type ShimPage } from './shim.ts';
import { createSlot, type Slot } from './slot.ts';

/** An api replica, and the two lines that can be spoilt: to it, and from it to Redis. */
export interface Node {
  replica: Replica;
  /** From the forge, the spawner and people. */
  front: Link;
  back: Link;
}

/** A place for an agent, and its line to whichever replica is there. */
export interface Place {
  slot: Slot;
  line: Link;
  /** For an agent that lives with another clock; undefined without the shim. */
  page: ShimPage | undefined;
  journal: string;
}

/** Two replicas of the api, a Redis, places for agents and a forge: all real but the forge and the work. */
export interface Environment {
  folder: string;
  leaseMs: number;
  redis: RedisServer;
  page: ShimPage | undefined;
  /** May do everything; reconnects by itself. */
  admin: Redis;
  /** Over that connection. */
  queue: Queue;
  nodes: readonly [Node, Node];
  places: readonly Place[];
  forge: ChaosForge;
  launcherToken: string;
  apiPassword: string;
  /** The newest lines that the replicas logged. */
  log: string[];
  /** Whatever was done to it is undone; both replicas serve when it returns. */
  heal(): Promise<void>;
  /** As new, in a moment: nothing is known of any job. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

export interface EnvironmentOptions {
  folder: string;
  programs: Programs;
  leaseMs: number;
  places?: number;
}

export async function openEnvironment(options: EnvironmentOptions): Promise<Environment> {
  const { folder, programs, leaseMs } = options;
  const secrets = join(folder, 'secrets');
  await mkdir(secrets, { recursive: true });
  const tokens = {
    'admin-token': createToken(),
    'launcher-token': createToken(),
    'webhook-gitea': createToken(),
    'clone-key': createToken(),
    'redis-password': createToken(),
  };
  for (const [name, token] of Object.entries(tokens))
    await writeFile(join(secrets, name), token, { mode: 0o600 });
  const toPage = (name: string) =>
    programs.shim === undefined ? undefined : openShimPage(programs.shim, join(folder, name));
  const page = toPage('redis.page');
  const apiPassword = tokens['redis-password'];
  const redis = await createRedisServer({ folder: join(folder, 'redis'), apiPassword, page });
  await redis.start();
  const admin = await redis.connect();
  const queue = createQueue({ commands: admin, leaseMs });
  const forge = await openForge({
    secret: tokens['webhook-gitea'],
    token: tokens['admin-token'],
    timeoutMs: 3000,
  });

  const log: string[] = [];
  const fronts = await Promise.all([0, 1].map((n) => openLink(() => nodes[n]?.replica.port, 'http')));
  const backs = await Promise.all([0, 1].map(() => openLink(() => redis.socket, 'redis')));
  let turn = 0;
  const any = () => {
    turn += 1;
    const ports = nodes.flatMap(({ replica }) => replica.port ?? []);
    return ports[turn % Math.max(1, ports.length)];
  };
  const lines = await Promise.all(Array.from({ length: options.places ?? 3 }, () => openLink(any, 'http')));
  const hosts = [...fronts, ...lines].map(({ port }) => `127.0.0.1:${port}`).join(',');

  const toNode = (name: string, front: Link | undefined, back: Link | undefined): Node => {
    if (front === undefined || back === undefined) throw new Error('no line');
    const env = {
      BELLOWS_LISTEN: '127.0.0.1:0',
      BELLOWS_PUBLIC_URL: `http://127.0.0.1:${front.port}`,
      BELLOWS_HOSTS: hosts,
      BELLOWS_REDIS_URL: `redis://127.0.0.1:${back.port}`,
      BELLOWS_SECRETS_DIR: secrets,
      BELLOWS_GITEA_ORIGIN: forge.origin,
      BELLOWS_LEASE_MS: String(leaseMs),
    };
    const onLine = (line: string) => {
      log.push(`${name} ${line}`);
      if (log.length > 200) log.shift();
    };
    return { replica: createReplica({ name, program: programs.api, env, onLine }), front, back };
  };
  const nodes: readonly [Node, Node] = [toNode('a', fronts[0], backs[0]), toNode('b', fronts[1], backs[1])];
  const places = lines.map((line, n): Place => {
    const journal = join(folder, `agent-${n}.jsonl`);
    const url = `http://127.0.0.1:${line.port}`;
    const slot = createSlot({ program: programs.agent, url, leaseMs, journal });
    return { slot, line, journal, page: toPage(`agent-${n}.page`) };
  });

  const register = async () => {
    for (const name of repositories) {
      const id = `gitea/${name}`;
      const repository = { id, name, defaultBranch: 'main', pool: 'default', timeLimitMs: 600_000 };
      await createRepositories({ commands: admin }).put({ ...repository, forge: 'gitea' });
    }
  };
  await register();
  await Promise.all(nodes.map(({ replica }) => replica.start()));

  return {
    folder,
    leaseMs,
    redis,
    page,
    admin,
    queue,
    nodes,
    places,
    forge,
    launcherToken: tokens['launcher-token'],
    apiPassword,
    log,
    async heal() {
      page?.setClock(0);
      page?.setRoom(undefined);
      for (const link of [...fronts, ...backs, ...lines]) link.heal();
      for (const { slot } of places) slot.signal('SIGCONT');
      for (const { replica } of nodes) replica.signal('SIGCONT');
      await redis.start();
      while (admin.status !== 'ready' && admin.status !== 'end')
        await new Promise((resolve) => setTimeout(resolve, 3));
      await admin.config('SET', 'maxmemory', 2 ** 30);
      await Promise.all(nodes.map(({ replica }) => replica.start()));
    },
    async forget() {
      forge.clear();
      await admin.flushall();
      // Short again: each start of Redis reads all of it.
      await admin.bgrewriteaof();
      while (/aof_rewrite_(?:in_progress|scheduled):1/.test(await admin.info('persistence')))
        await new Promise((resolve) => setTimeout(resolve, 5));
      await register();
    },
    async close() {
      admin.disconnect();
      await Promise.all([
        ...nodes.map(({ replica }) => replica.stop()),
        ...places.map(({ slot }) => slot.stop()),
      ]);
      await redis.kill();
      await Promise.all([...fronts, ...backs, ...lines].map((link) => link.close()));
      for (const each of [page, ...places.map((place) => place.page)]) each?.close();
      await forge.close();
    },
  };
}

/** How many jobs an agent could take. */
export function countQueued(env: Environment): Promise<number> {
  return env.admin.zcard(toKeyOf('ready', 'default'));
}
