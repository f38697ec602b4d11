import { setTimeout as delay } from 'node:timers/promises';
import {
  createApiTokens,
  createAuditChain,
  createClaimTokens,
  createDeviceLogins,
  createPageCodes,
  createRateLimits,
  createRepositorySecrets,
  createSessions,
  createToken,
  type RepositorySecrets,
  type Secrets,
} from '../core/access/index.ts';
import { createLookup, type ForgeAccess, type ForgeTokens, type Origins } from '../core/forge/index.ts';
import type { Log } from '../core/log/index.ts';
import {
  createBundles,
  createCrons,
  createFollower,
  createMeasures,
  createOutbox,
  createQueue,
  createRepositories,
  createSchema,
  createUnarchived,
  findReplicaFaults,
  type Replication,
  toTickMs,
} from '../core/queue/index.ts';
import {
  createStack,
  findDurabilityFaults,
  openRedis,
  type Redis,
  type RedisUse,
  readRedisHealth,
} from '../core/runtime/index.ts';
import { createExporter, createSampler, createTracer } from '../core/trace/index.ts';
import { createApp } from './app.ts';
import { createLogArchive } from './archive/archive.ts';
import { createArchiver } from './archive/archiver.ts';
import { openStore } from './archive/open-store.ts';
import { createArtifacts } from './artifacts/artifacts.ts';
import { createHeadExport } from './audit-heads.ts';
import { createClientAddress } from './client-address.ts';
import type { ApiConfig } from './config.ts';
import { toHosts } from './door.ts';
import { createStreamSlots } from './event-stream.ts';
import { toForgeTokens } from './forge-tokens.ts';
import { createJobCaches } from './job-caches.ts';
import { createJobWatch } from './job-watch.ts';
import { runLoops } from './loops.ts';
import { createMetrics } from './metrics.ts';
import { openMetricsListener } from './metrics-listener.ts';
import { createReconciler } from './reconcile/reconciler.ts';
import { type ApiServer, openServer } from './server.ts';
import { createSignIn } from './sign-in/sign-in.ts';

const firstConnectMs = 2000;
const dayMs = 86_400_000;
const mebibyte = 1024 * 1024;
const streamsPerActor = 200;

export interface OpenApiOptions {
  config: ApiConfig;
  secrets: Secrets;
  log: Log;
}

/** The whole api, listening; `stop` ends streams first, then requests, then the connections to Redis. */
export async function openApi({ config, secrets, log }: OpenApiOptions): Promise<ApiServer> {
  // First, since they may be refused.
  const store = await openStore(config, secrets);
  const forges = toForgeTokens(config, secrets);
  const stack = createStack();
  const draining = new AbortController();
  const stopping = new AbortController();
  const open = (use: RedisUse) => {
    const redis = openRedis(
      { url: config.BELLOWS_REDIS_URL, username: config.BELLOWS_REDIS_USER, password: secrets.redisPassword },
      use,
    );
    redis.on('error', (error) => log.debug({ err: error }, 'redis'));
    return redis;
  };

  const commands = open('commands');
  stack.add('commands', () => commands.disconnect());
  const origins = {
    local: config.BELLOWS_LOCAL_ORIGIN,
    gitea: config.BELLOWS_GITEA_ORIGIN,
    github: config.BELLOWS_GITHUB_ORIGIN,
  };
  const { secretsKeys } = secrets;
  const repositorySecrets =
    secretsKeys === undefined ? undefined : createRepositorySecrets(commands, secretsKeys);
  const accesses = toAccesses(origins, forges);
  const told = accesses.map(({ forge }) => forge);
  const archive = store === undefined ? {} : { archive: createLogArchive(store) };
  const replication = toReplication(config.BELLOWS_REDIS_REPLICAS, () => {
    const redis = open('commands');
    stack.add('replicated commands', () => redis.disconnect());
    return redis;
  });
  const queue = createQueue({ commands, leaseMs: config.BELLOWS_LEASE_MS, told, replication, ...archive });
  const schema = createSchema({ commands, api: createToken() });
  const outbox = createOutbox({ commands });
  const repositories = createRepositories({ commands });
  const crons = createCrons({ commands });
  const follower = createFollower({ commands, openBlocking: () => open('blocking'), ...archive });
  stack.add('follower', () => follower.close());
  const measures = createMeasures({ commands, names: config.BELLOWS_METRICS_NAMES });
  const metrics = createMetrics({
    counts: () => queue.counts(),
    outbox: () => outbox.state(),
    depths: () => measures.depths(),
    totals: () => measures.totals(),
    redis: () => readRedisHealth(commands),
  });
  const audit = createAuditChain(commands, config.BELLOWS_AUDIT_RECORDS);
  const heads = createHeadExport({ audit, metrics, log, file: config.BELLOWS_AUDIT_HEADS });
  // What was changed since the last hour; without Redis the next start tells it.
  stack.add('the head of the audit log', () => heads.tell().catch(() => undefined));
  const tracing = openTracing(config);
  stack.add('traces', () => tracing.flush());
  const { tracer } = tracing;
  const artifacts = createArtifacts({
    store,
    bundles: createBundles({ commands }),
    jobBytes: config.BELLOWS_ARTIFACT_JOB_MIB * mebibyte,
    repositoryBytes: config.BELLOWS_ARTIFACT_REPOSITORY_MIB * mebibyte,
    keepMs: config.BELLOWS_ARTIFACT_DAYS * dayMs,
  });
  const listen = toListen(config.BELLOWS_LISTEN);
  const publicUrl = config.BELLOWS_PUBLIC_URL;
  const lookups = Object.fromEntries(accesses.map((access) => [access.forge, createLookup(access)]));
  const reconciler = createReconciler({
    queue,
    repositories,
    origins,
    lookups,
    secrets: { cloneKey: secrets.cloneKey, forges },
    publicUrl,
    metrics,
    tracer,
    log,
  });
  const watch = createJobWatch({ queue, follower, log });

  const app = createApp({
    queue,
    outbox,
    follower,
    repositories,
    artifacts,
    crons,
    claimTokens: createClaimTokens(commands),
    repositorySecrets,
    pageCodes: createPageCodes(commands),
    sessions: createSessions(commands),
    apiTokens: createApiTokens(commands),
    audit,
    rateLimits: createRateLimits(commands),
    limits: { failures: config.BELLOWS_LIMIT_FAILURES, requests: config.BELLOWS_LIMIT_REQUESTS },
    address: createClientAddress(config.BELLOWS_TRUSTED_PROXIES),
    deviceLogins: createDeviceLogins(commands),
    signIn: createSignIn({ ...config, clientSecret: secrets.oidcClientSecret, log }),
    secrets: { ...secrets, forges },
    origins,
    publicUrl,
    hosts: config.BELLOWS_HOSTS ?? toHosts(publicUrl, listen),
    pools: config.BELLOWS_POOLS ?? new Map(),
    openReadyz: config.BELLOWS_OPEN_READYZ,
    watch,
    caches:
      store === undefined ? undefined : createJobCaches({ store, quotaGib: config.BELLOWS_CACHE_GIB, log }),
    reconciler,
    metrics,
    log,
    slots: createStreamSlots(streamsPerActor, metrics.streams),
    schema,
    faults: async () => [
      ...[schema.refusal()].filter((refusal) => refusal !== undefined),
      ...(config.BELLOWS_REQUIRE_DURABLE ? await findDurabilityFaults(commands) : []),
      ...(await findReplicaFaults(commands, config.BELLOWS_REDIS_REPLICAS)),
    ],
    tracer,
    draining: draining.signal,
    stopping: stopping.signal,
  });

  const archiver =
    store === undefined
      ? undefined
      : createArchiver({
          store,
          unarchived: createUnarchived({ commands }),
          queue,
          metrics,
          log,
          keepMs: config.BELLOWS_LOG_DAYS * dayMs,
        });

  // Without Redis the api listens all the same, and says 503.
  await untilReady(commands, firstConnectMs);
  await schema.renew().catch((error: unknown) => log.debug({ err: error }, 'schema'));
  stack.add('schema', () => schema.leave().catch(() => undefined));
  if (repositorySecrets !== undefined && (secretsKeys?.length ?? 0) > 1) void reseal(repositorySecrets, log);
  // What moved while nobody listened.
  reconciler.owe();
  const loops = runLoops({
    ...{ accesses, archiver, artifacts, audit, crons, heads, lookups, measures, metrics, outbox, queue },
    ...{ reconciler, repositories, schema, tracer, watch, log, publicUrl },
    wanted: config.BELLOWS_REPOSITORIES,
    tickMs: toTickMs(config.BELLOWS_LEASE_MS),
    signal: stopping.signal,
  });
  stack.add('loops', () => loops);
  if (config.BELLOWS_METRICS_LISTEN !== undefined) {
    const figures = await openMetricsListener(metrics, toListen(config.BELLOWS_METRICS_LISTEN));
    stack.add('metrics', () => figures.stop());
  }
  const server = await openServer({ ...listen, fetch: app.fetch });
  stack.add('server', () => server.stop());
  stack.add('streams', () => stopping.abort());
  // Whoever balances the load sees it not ready, and sends no more, before it stops to listen.
  stack.add('drain', async () => {
    draining.abort();
    await delay(config.BELLOWS_DRAIN_MS);
  });
  return { port: server.port, stop: stack.stop };
}

/** A key is being replaced: when nothing is sealed with the older one any more, its line can go. */
async function reseal(repositorySecrets: RepositorySecrets, log: Log): Promise<void> {
  try {
    const resealed = await repositorySecrets.reseal();
    log.info({ resealed }, 'no secret needs the second line of secrets-key any more');
  } catch (error) {
    log.error({ err: error }, 'secrets are still sealed with the second line of secrets-key: keep it');
  }
}

const flushMs = 2000;

function openTracing(config: ApiConfig) {
  const sampler = createSampler(config.OTEL_TRACES_SAMPLER, config.OTEL_TRACES_SAMPLER_ARG);
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return { tracer: createTracer(sampler), flush: () => undefined };
  const exporter = createExporter({ endpoint, service: 'bellows-api' });
  return { tracer: createTracer(sampler, exporter.send), flush: () => exporter.flush(flushMs) };
}

/** The forges that may be asked: those with an origin and a token. */
function toAccesses(origins: Origins, forges: ForgeTokens): ForgeAccess[] {
  return (['gitea', 'github'] as const).flatMap((forge) => {
    const [origin, token] = [origins[forge], forges[forge]];
    return origin === undefined || token === undefined ? [] : [{ forge, origin, token }];
  });
}

/** WAIT holds its connection, so these are a few and for nothing else. */
const replicatedConnections = 4;

function toReplication(replicas: number, openOne: () => Redis): Replication | undefined {
  if (replicas === 0) return undefined;
  return { replicas, connections: Array.from({ length: replicatedConnections }, openOne) };
}

function untilReady(redis: Redis, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs);
    redis.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function toListen(text: string): { host: string; port: number } {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
