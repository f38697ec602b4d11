import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApiClient } from '../../../services/core/client/index.ts';
import { createdTokenSchema, type Repository } from '../../../services/core/job/index.ts';
import { toKey } from '../../../services/core/queue/keys.ts';
import { toApiEnvironment } from '../../../services/local/api-server.ts';
import { buildPrograms } from '../../../services/local/bundle/build.ts';
import { apiFlags } from '../../../services/local/process/memory.ts';
import { openSecrets, writeOwnFile } from '../../../services/local/secrets.ts';
import { startRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export const webhookSecret = 'webhook-secret-of-the-bench-000000000';
export const repository: Repository = {
  id: 'gitea/ada/forge-bell',
  forge: 'gitea',
  name: 'ada/forge-bell',
  defaultBranch: 'main',
  pool: 'default',
  timeLimitMs: 600_000,
};

/** A server in a process of its own. */
export interface Target {
  name: string;
  port: number;
  pid: number;
  stop(): Promise<void>;
}

export interface Api extends Target {
  /** How many jobs there are. */
  jobs(): Promise<number>;
  /** An API token that may look. */
  createToken(name: string): Promise<string>;
}

/** The api as `up` runs it: the bundle, its flags, its environment, a Redis that syncs each write. */
export async function openApi(): Promise<Api> {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-bench-'));
  const secrets = await openSecrets(folder);
  await writeOwnFile(join(folder, 'webhook-gitea'), `${webhookSecret}\n`);
  const redis = await startRedis({ appendfsync: 'always', settings: { maxclients: '256' } });
  const admin = await redis.connect();
  await admin.call(
    'ACL',
    'SETUSER',
    'api',
    'on',
    `>${secrets['redis-password']}`,
    'allkeys',
    'allchannels',
    '+@all',
  );

  const port = await findPort();
  const logFile = join(folder, 'api.log');
  const program = join(await buildPrograms(root, folder), 'api.mjs');
  const given = { node: process.execPath, program, port, logFile, logLevel: 'info', leaseMs: 30_000 };
  const child = startProgram(program, logFile, {
    ...toApiEnvironment({
      ...given,
      gitOrigin: 'http://127.0.0.1:1',
      redisUrl: redis.url,
      secretsFolder: folder,
      auditHeadsFile: join(folder, 'audit-heads'),
      storeFolder: join(folder, 'store'),
      cacheGib: 0,
      pool: 'default',
    }),
    BELLOWS_GITEA_ORIGIN: 'http://127.0.0.1:1',
  });
  const client = createApiClient({ url: `http://127.0.0.1:${port}`, token: secrets['admin-token'] });
  await until(
    async () =>
      (await client.putRepository(repository).then(
        () => true,
        () => false,
      )) || undefined,
  );
  return {
    name: 'ours',
    port,
    pid: child.pid ?? 0,
    jobs: () => admin.zcard(toKey('index')),
    async createToken(name) {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secrets['admin-token']}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name, role: 'view' }),
      });
      return createdTokenSchema.parse(await answer.json()).token;
    },
    async stop() {
      client.close();
      await end(child);
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Hono, the same adapter and flags, one route: reads the body, answers. */
export async function openBareHono(): Promise<Target> {
  const port = await findPort();
  const program = fileURLToPath(new URL('bare-hono.ts', import.meta.url));
  const child = startProgram(program, '/dev/null', { NODE_ENV: 'production', PORT: String(port) });
  await until(
    async () =>
      (await fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      )) || undefined,
  );
  return { name: 'bare Hono', port, pid: child.pid ?? 0, stop: () => end(child) };
}

export interface Memory {
  /** MB; NaN where there is no /proc. */
  now: number;
  peak: number;
}

export async function readMemory(pid: number): Promise<Memory> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1000;
  return { now: read('VmRSS'), peak: read('VmHWM') };
}

function startProgram(program: string, logFile: string, env: Record<string, string>): ChildProcess {
  const log = openSync(logFile, 'a');
  try {
    return spawn(process.execPath, [...apiFlags, program], { stdio: ['ignore', log, log], env });
  } finally {
    closeSync(log);
  }
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
