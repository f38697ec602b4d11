import { closeSync, openSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../core/client/index.ts';
import type { Reaper } from '../core/execute/index.ts';
import { startChild } from './process/child.ts';
import { type Kept, keepRunning } from './process/keep-running.ts';
import { apiFlags } from './process/memory.ts';

export interface ApiServerOptions {
  reaper: Reaper;
  node: string;
  /** The bundled api. */
  program: string;
  port: number;
  gitOrigin: string;
  redisUrl: string;
  secretsFolder: string;
  storeFolder: string;
  cacheGib: number;
  /** That its agents run in. */
  pool: string;
  logFile: string;
  auditHeadsFile: string;
  logLevel: string;
  collector?: string | undefined;
  /** Settings that are handed on as they are. */
  given?: Readonly<Record<string, string | undefined>>;
  leaseMs: number;
  client: Pick<ApiClient, 'jobs'>;
  onLoss(text: string, delayMs: number): void;
}

/** The api as a child; started again whenever it ends by itself. */
export function openApiServer(options: ApiServerOptions): Promise<Kept> {
  return keepRunning({
    name: `The api (its log: ${options.logFile})`,
    start: () => {
      const log = openSync(options.logFile, 'a', 0o600);
      try {
        return startChild(options.reaper, options.node, [...apiFlags, options.program], {
          stdio: ['ignore', log, log],
          env: toApiEnvironment(options),
        });
      } finally {
        closeSync(log);
      }
    },
    ready: () => untilAnswered(options.client),
    onLoss: options.onLoss,
  });
}

/** Only what the api needs: nothing of the user's environment reaches it. */
export function toApiEnvironment(
  options: Omit<ApiServerOptions, 'reaper' | 'client' | 'onLoss'>,
): Record<string, string> {
  const origin = `127.0.0.1:${options.port}`;
  return {
    NODE_ENV: 'production',
    // glibc makes an arena for each thread, and what they free stays with them: 5 MB.
    MALLOC_ARENA_MAX: '2',
    BELLOWS_LISTEN: origin,
    BELLOWS_PUBLIC_URL: `http://${origin}`,
    BELLOWS_LOCAL_ORIGIN: options.gitOrigin,
    BELLOWS_REDIS_URL: options.redisUrl,
    BELLOWS_REDIS_USER: 'api',
    BELLOWS_SECRETS_DIR: options.secretsFolder,
    BELLOWS_STORE: options.storeFolder,
    BELLOWS_CACHE_GIB: String(options.cacheGib),
    BELLOWS_POOLS: `${options.pool}=${toPlatform()}`,
    BELLOWS_AUDIT_HEADS: options.auditHeadsFile,
    BELLOWS_LOG_LEVEL: options.logLevel,
    ...(options.collector === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: options.collector }),
    BELLOWS_LEASE_MS: String(options.leaseMs),
    ...toGiven(options.given),
  };
}

// Only at the start, and only until it listens; afterwards events come by themselves.
async function untilAnswered(client: Pick<ApiClient, 'jobs'>): Promise<void> {
  const until = performance.now() + 20_000;
  for (;;) {
    try {
      await client.jobs({ limit: 1 });
      return;
    } catch (cause) {
      if (performance.now() > until) throw new Error('the api does not answer within 20 s', { cause });
    }
    await delay(15);
  }
}

function toGiven(given: ApiServerOptions['given'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function toPlatform(): string {
  return `${platform()}/${arch() === 'x64' ? 'amd64' : arch()}`;
}
