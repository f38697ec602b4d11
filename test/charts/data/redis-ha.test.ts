import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import { Redis as RedisChart } from '../../../charts/data/redis.ts';
import { toMembers, toSentinelUrl } from '../../../charts/data/redis-member.ts';
import { secrets } from '../../../charts/places.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { generateSecrets } from '../../../charts/secrets/program/generate.ts';
import { toRules } from '../../../charts/secrets/redis-rules.ts';
import { createQueue, findReplicaFaults } from '../../../services/core/queue/index.ts';
import {
  findDurabilityFaults,
  openRedis,
  type Redis,
  type RedisUse,
} from '../../../services/core/runtime/index.ts';
import { toRequest } from '../../support/job.ts';
import { until } from '../../support/until.ts';

const { home } = platformSchema.parse({
  clusters: { home: { redis: { servers: 3, exporter: true }, pools: { m: { arch: 'amd64', max: 1 } } } },
}).clusters;
if (home === undefined) throw new Error('no cluster');
// biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
const objects: any[] = new RedisChart(new App(), home).toJson();
const { containers } = objects.find(({ kind }) => kind === 'StatefulSet').spec.template.spec;
const files: Record<string, string> = objects.find(({ kind }) => kind === 'ConfigMap').data;

/** Each pod has an address of its own, of the machine's own block. */
const hosts = ['127.7.7.1', '127.7.7.2', '127.7.7.3'];
/** Votes may be split, and the next try waits for twice the sentinels' time. */
const failoverMs = 60_000;

let folder: string;
let ports: Map<string, string>;
const made = new Map<string, Readonly<Record<string, string>>>();
const running = new Map<string, ChildProcess[]>();
const opened: Redis[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-ha-'));
  ports = new Map([
    ['26379', await findPort()],
    ['6379', await findPort()],
  ]);
  let random = 0;
  await generateSecrets(
    {
      read: async () => undefined,
      create: async ({ name }, data) => made.set(name, data).size > 0,
      add: async () => false,
    },
    { ...secrets, ...toRules(home) },
    { text: () => `password-${++random}`, identity: () => 'none' },
  );
  // As a StatefulSet begins: each once the one before is ready.
  for (const host of hosts) {
    startMember(host);
    await until(async () => (await ask(host, 'ping')) === 'PONG', failoverMs);
  }
  await untilKnown();
});

/** Every sentinel knows all the others and all replicas; of replicas it asks every ten seconds, unless it is told to. */
async function untilKnown(): Promise<void> {
  for (const host of hosts) {
    await until(async () => (await asSentinel(host, 'debug', 'info-period', '200')) === 'OK', failoverMs);
    await until(async () => {
      const facts = (await asSentinel(host, 'master', 'bellows')).split('\n');
      const of = (name: string) => facts[facts.indexOf(name) + 1];
      return of('num-slaves') === '2' && of('num-other-sentinels') === '2' && of('flags') === 'master';
    }, failoverMs);
  }
}

afterAll(async () => {
  await Promise.all(
    opened.map(async (redis) => {
      if (redis.status === 'end') return;
      const ended = once(redis, 'end');
      redis.disconnect();
      await ended;
    }),
  );
  await Promise.all(hosts.map(killMember));
  rmSync(folder, { recursive: true });
});

/** What the chart says, with the names and places of this machine. */
function toHere(text: string, host: string): string {
  const named = toMembers().reduce((all, name, n) => all.replaceAll(name, hosts[n] ?? ''), text);
  const placed = named
    .replaceAll(/(?<![\w/])\/(etc\/redis|run\/redis-own|run\/redis|data|tmp)\b/g, (_, name: string) =>
      join(folder, host, name.replace('/', '-')),
    )
    .replace('grep "^$HOSTNAME\\."', 'grep -x "$HOSTNAME"')
    .replace(/^bind .*$/m, `bind ${host}`)
    .replace('down-after-milliseconds bellows 5000', 'down-after-milliseconds bellows 1500')
    .replace('failover-timeout bellows 15000', 'failover-timeout bellows 3000');
  return [...ports].reduce(
    (all, [port, own]) => all.replaceAll(new RegExp(`\\b${port}\\b`, 'g'), own),
    placed,
  );
}

function startMember(host: string): void {
  for (const name of ['etc-redis', 'run-redis', 'run-redis-own', 'data', 'tmp'])
    mkdirSync(join(folder, host, name), { recursive: true });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, host, 'etc-redis', name), toHere(text, host));
  writeFileSync(
    join(folder, host, 'etc-redis', 'sentinel.conf'),
    `bind ${host}\n${toHere(files['sentinel.conf'] ?? '', host)}`,
  );
  for (const [name, value] of Object.entries(made.get('bellows') ?? {}))
    writeFileSync(join(folder, host, 'run-redis', name), value);
  // Of the pod before: nothing of it is left but its volume.
  rmSync(join(folder, host, 'run-redis-own', 'redis.conf'), { force: true });
  const [redis, sentinel] = containers.map(({ command }: { command: string[] }) => {
    const [program = '', ...args] = command.map((word) => toHere(word, host));
    const child = spawn(program, args, {
      env: { ...process.env, HOSTNAME: host },
      stdio: 'ignore',
      detached: true,
    });
    return child;
  });
  running.set(host, [redis, sentinel]);
}

/** The pod is gone, with all that runs in it. */
async function killMember(host: string): Promise<void> {
  const children = running.get(host) ?? [];
  running.delete(host);
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await exited;
    }),
  );
}

const asSentinel = (host: string, ...command: string[]) =>
  run(host, 'sentinel', made.get('bellows')?.['redis-sentinel-password'] ?? '', ['sentinel', ...command]);
const ask = (host: string, ...command: string[]) => run(host, 'probe', 'x', command);

async function run(host: string, user: string, password: string, command: string[]): Promise<string> {
  const port = ports.get(command[0] === 'sentinel' ? '26379' : '6379') ?? '';
  const child = spawn(
    'redis-cli',
    ['-h', host, '-p', port, '--user', user, '--no-auth-warning', ...command],
    {
      env: { ...process.env, REDISCLI_AUTH: password },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let text = '';
  child.stdout.on('data', (part: Buffer) => {
    text += part.toString();
  });
  await once(child, 'close');
  return text.trim();
}

/** As the api opens it in a cluster. */
async function open(use: RedisUse = 'commands', user = 'api'): Promise<Redis> {
  const password = made.get('bellows')?.['redis-password'];
  const redis = openRedis({ url: toHere(toSentinelUrl(), ''), username: user, password }, use);
  opened.push(redis);
  redis.on('error', () => undefined);
  // An error on the way there is not the end of it.
  await until(() => redis.status === 'ready', failoverMs);
  return redis;
}

async function primary(asked: string): Promise<string> {
  const answer = await ask(asked, 'sentinel', 'get-master-addr-by-name', 'bellows');
  return answer.split('\n')[0] ?? '';
}

function findPort(): Promise<string> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, '127.7.7.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(String(port)));
    });
  });
}

test('of three, a primary that dies loses nothing that was accepted, and comes back as a replica', async () => {
  const commands = await open();
  const connections = [await open(), await open()];
  const queue = createQueue({ commands, leaseMs: 30_000, replication: { connections, replicas: 1 } });
  // Many: each asks the sentinels at a moment of its own, also as they tell of the change.
  const others = await Promise.all(Array.from({ length: 20 }, () => open('blocking')));
  await until(async () => (await findReplicaFaults(commands, 2)).length === 0, failoverMs);
  expect(await findDurabilityFaults(commands)).toEqual([]);
  expect(await primary('127.7.7.3')).toBe('127.7.7.1');

  const accepted: string[] = [];
  let done = false;
  const push = async () => {
    while (!done) {
      try {
        const result = await queue.enqueue(toRequest());
        if (result.answer !== 'full') accepted.push(...result.jobs);
      } catch {
        // 503: whoever pushes comes again.
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };
  const pushing = Promise.all([push(), push(), push(), push()]);
  await until(() => accepted.length > 50, failoverMs);
  await killMember('127.7.7.1');
  const before = accepted.length;
  await until(() => accepted.length > before + 50, failoverMs);
  done = true;
  await pushing;

  const now = await primary('127.7.7.2');
  expect(['127.7.7.2', '127.7.7.3']).toContain(now);
  await until(() => others.every(({ status }) => status === 'ready'), failoverMs);
  const states = await until(() =>
    Promise.all(accepted.map((id) => commands.hget(`ci:{q}:job:${id}`, 'state'))),
  );
  expect(states.filter((state) => state !== 'queued')).toEqual([]);

  // The pod comes back with its volume, whose own sentinel believes that it is the primary.
  startMember('127.7.7.1');
  await until(async () => (await findReplicaFaults(commands, 2)).length === 0, failoverMs);
  expect(readFileSync(join(folder, '127.7.7.1', 'run-redis-own', 'redis.conf'), 'utf8')).toContain(
    `replicaof ${now} `,
  );
  await until(async () => (await primary('127.7.7.1')) === now, failoverMs);
});

test('a primary whose volume is gone waits until another one is chosen, so that nobody copies its nothing', async () => {
  const commands = await open();
  const before = await commands.dbsize();
  await untilKnown();
  const gone = await primary('127.7.7.1');
  await killMember(gone);
  rmSync(join(folder, gone, 'data'), { recursive: true });
  startMember(gone);
  const other = hosts.find((host) => host !== gone) ?? '';
  await until(async () => (await primary(other)) !== gone, failoverMs);
  await until(
    async () => (await findReplicaFaults(commands, 2).catch(() => ['no'])).length === 0,
    failoverMs,
  );
  expect(before).toBeGreaterThan(100);
  expect(await until(async () => (await commands.dbsize().catch(() => 0)) === before, failoverMs)).toBe(true);
  expect(existsSync(join(folder, gone, 'data', 'appendonlydir'))).toBe(true);
});

test('sentinels tell the api who is the primary, and take no command of it', async () => {
  const { Redis } = await import('ioredis');
  const password = made.get('bellows')?.['redis-password'] ?? '';
  const sentinel = new Redis({
    host: '127.7.7.2',
    port: Number(ports.get('26379')),
    username: 'api',
    password,
    lazyConnect: true,
    enableReadyCheck: false,
    // This one may still be on its way back.
    retryStrategy: () => 100,
    maxRetriesPerRequest: null,
  });
  sentinel.on('error', () => undefined);
  opened.push(sentinel);
  expect(await sentinel.call('SENTINEL', 'get-master-addr-by-name', 'bellows')).toHaveLength(2);
  for (const [command, ...args] of [
    ['SENTINEL', 'FAILOVER', 'bellows'],
    ['SENTINEL', 'REMOVE', 'bellows'],
    ['SHUTDOWN'],
    ['CONFIG', 'GET', '*'],
  ] as [string, ...string[]][])
    await expect(sentinel.call(command, ...args)).rejects.toThrow(/NOPERM|unknown/);
  const stranger = sentinel.duplicate({
    username: 'default',
    password: 'x',
    lazyConnect: true,
    retryStrategy: () => null,
  });
  opened.push(stranger);
  stranger.on('error', () => undefined);
  await expect(stranger.connect().then(() => stranger.ping())).rejects.toThrow();
});

test('the exporter reads how Redis is, and no key', async () => {
  const password = made.get('bellows')?.['redis-metrics-password'];
  const redis = openRedis(
    { url: `redis://127.7.7.2:${ports.get('6379')}`, username: 'metrics', password },
    'blocking',
  );
  opened.push(redis);
  // What redis_exporter asks.
  for (const [command, ...args] of [
    ['CLIENT', 'SETNAME', 'redis_exporter'],
    ['CONFIG', 'GET', '*'],
    ['INFO', 'ALL'],
    ['LATENCY', 'LATEST'],
    ['LATENCY', 'HISTOGRAM'],
    ['SLOWLOG', 'LEN'],
    ['SLOWLOG', 'GET', '1'],
  ] as [string, ...string[]][])
    await redis.call(command, ...args);
  for (const [command, ...args] of [
    ['GET', 'ci:{q}:seq'],
    ['KEYS', '*'],
    ['CONFIG', 'SET', 'appendonly', 'no'],
    ['CLIENT', 'LIST'],
  ] as [string, ...string[]][])
    await expect(redis.call(command, ...args)).rejects.toThrow('NOPERM');
});
