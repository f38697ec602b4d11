import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type CacheResult, forges, type JobState, type SavedCaches } from '../core/job/index.ts';
import type { OutboxState, PoolDepth, Totals } from '../core/queue/index.ts';
import type { RedisHealth } from '../core/runtime/index.ts';
import { toTotalsText } from './totals-text.ts';

export type WebhookOutcome =
  | 'enqueued'
  | 'dup'
  | 'gone'
  | 'ping'
  | 'ignored'
  | 'old'
  | 'unsigned'
  | 'malformed'
  | 'unregistered'
  | 'full'
  | 'unavailable';

export interface Metrics {
  /** Prometheus text, version 0.0.4. */
  render(): Promise<string>;
  webhook(forge: string, outcome: WebhookOutcome): void;
  request(method: string, route: string, status: number, seconds: number): void;
  reconciled(events: number): void;
  limited(limit: string): void;
  auditHead(n: number): void;
  /** One try to tell a forge the state of a commit. */
  status(forge: string, outcome: 'posted' | 'retried' | 'refused'): void;
  /** How many readers there are now. */
  streams(open: number): void;
  /** Counts one while it is held, and its answer. */
  heartbeat<T extends string>(holding: Promise<T>): Promise<T>;
  claim(seconds: number): void;
  archived(): void;
  /** What an ended job says of its caches. */
  caches(results: readonly Pick<CacheResult, 'hit' | 'bytes'>[]): void;
  cachesSaved(saved: SavedCaches): void;
  archiveFailed(): void;
}

/** Asked when somebody scrapes. */
export interface MetricSources {
  counts(): Promise<ReadonlyMap<JobState, number>>;
  outbox(): Promise<readonly OutboxState[]>;
  depths(): Promise<readonly PoolDepth[]>;
  totals(): Promise<Totals>;
  redis(): Promise<RedisHealth>;
}

/** Figures of the queue, the same from every replica, and of this process. */
export function createMetrics(sources: MetricSources): Metrics {
  const registers = [new Registry()];
  const [register] = registers;
  collectDefaultMetrics(register === undefined ? {} : { register });
  const webhooks = new Counter({
    name: 'bellows_webhooks_total',
    help: 'Webhooks by forge and outcome.',
    labelNames: ['forge', 'outcome'],
    registers,
  });
  // From none: an alert sees how it grows, and a counter that begins at six has not grown.
  for (const forge of forges) webhooks.inc({ forge, outcome: 'unsigned' }, 0);
  const requests = new Histogram({
    name: 'bellows_http_request_seconds',
    help: 'Time to the answer, by route; held and streamed answers count to their beginning.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 15],
    registers,
  });
  const reconciled = new Counter({
    name: 'bellows_reconciled_events_total',
    help: 'Movements of a ref that no webhook told.',
    registers,
  });
  const limited = new Counter({
    name: 'bellows_limited_total',
    help: 'Requests that were answered 429, by limit.',
    labelNames: ['limit'],
    registers,
  });
  const auditHead = new Gauge({
    name: 'bellows_audit_head',
    help: 'Records of the audit log since its beginning; when this falls, its end was cut off.',
    registers,
  });
  const archived = new Counter({
    name: 'bellows_logs_archived_total',
    help: 'Jobs whose log has left Redis for the store.',
    registers,
  });
  const caches = new Counter({
    name: 'bellows_caches_total',
    help: 'Caches that jobs asked for: found exactly, found of another lock file, or missed.',
    labelNames: ['hit'],
    registers,
  });
  const cacheBytes = new Counter({
    name: 'bellows_cache_restored_bytes_total',
    help: 'Bytes that jobs have restored from caches, as they are kept.',
    registers,
  });
  const cacheSaved = new Counter({
    name: 'bellows_cache_saved_bytes_total',
    help: 'Bytes that jobs have added to caches, as they are kept.',
    registers,
  });
  const archiveFailures = new Counter({
    name: 'bellows_log_archive_failures_total',
    help: 'Logs that could not be archived; they stay in Redis, and are tried again.',
    registers,
  });
  new Gauge({
    name: 'bellows_jobs',
    help: 'Jobs by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      this.reset();
      // Without Redis the other figures are still worth reading.
      const counts = await sources.counts().catch(() => new Map<JobState, number>());
      for (const [state, count] of counts) this.set({ state }, count);
    },
  });
  const statuses = new Counter({
    name: 'bellows_statuses_total',
    help: 'Tries to tell a forge the state of a commit, by forge and outcome.',
    labelNames: ['forge', 'outcome'],
    registers,
  });
  const lag = new Gauge({
    name: 'bellows_outbox_lag_seconds',
    help: 'Since when the first due commit status waits, by forge.',
    labelNames: ['forge'],
    registers,
  });
  new Gauge({
    name: 'bellows_outbox_statuses',
    help: 'Commit statuses that a forge is still to be told.',
    labelNames: ['forge'],
    registers,
    async collect() {
      this.reset();
      lag.reset();
      for (const { forge, waiting, lagMs } of await sources.outbox().catch(() => [])) {
        this.set({ forge }, waiting);
        lag.set({ forge }, lagMs / 1000);
      }
    },
  });
  const oldest = new Gauge({
    name: 'bellows_queue_oldest_seconds',
    help: 'How long the oldest queued job waits, by pool.',
    labelNames: ['pool'],
    registers,
  });
  new Gauge({
    name: 'bellows_queue_depth',
    help: 'Queued jobs, by pool.',
    labelNames: ['pool'],
    registers,
    async collect() {
      this.reset();
      oldest.reset();
      for (const { pool, queued, oldestMs } of await sources.depths().catch(() => [])) {
        this.set({ pool }, queued);
        oldest.set({ pool }, oldestMs / 1000);
      }
    },
  });
  registerRedis(registers, sources);
  const streams = new Gauge({
    name: 'bellows_streams_open',
    help: 'Readers of events and logs (SSE) of this replica.',
    registers,
  });
  const held = new Gauge({
    name: 'bellows_heartbeats_held',
    help: 'Heartbeats that this replica holds open.',
    registers,
  });
  const heartbeats = new Counter({
    name: 'bellows_heartbeats_total',
    help: 'Answers to heartbeats.',
    labelNames: ['answer'],
    registers,
  });
  const claims = new Histogram({
    name: 'bellows_claim_seconds',
    help: 'Time in which the queue found a job for an agent that asked for one.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2],
    registers,
  });
  return {
    render: async () => {
      const totals = await sources.totals().catch(() => undefined);
      return `${(await register?.metrics()) ?? ''}${totals === undefined ? '' : toTotalsText(totals)}`;
    },
    streams: (open) => streams.set(open),
    heartbeat: async (holding) => {
      held.inc();
      try {
        const answer = await holding;
        heartbeats.inc({ answer });
        return answer;
      } finally {
        held.dec();
      }
    },
    claim: (seconds) => claims.observe(seconds),
    webhook: (forge, outcome) => webhooks.inc({ forge, outcome }),
    request: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    status: (forge, outcome) => statuses.inc({ forge, outcome }),
    reconciled: (events) => reconciled.inc(events),
    limited: (limit) => limited.inc({ limit }),
    caches: (results) => {
      for (const { hit, bytes } of results) {
        caches.inc({ hit });
        cacheBytes.inc(bytes);
      }
    },
    cachesSaved: (saved) => {
      for (const { bytes } of saved) cacheSaved.inc(bytes);
    },
    archived: () => archived.inc(),
    archiveFailed: () => archiveFailures.inc(),
    auditHead: (n) => auditHead.set(n),
  };
}

function registerRedis(registers: Registry[], sources: Pick<MetricSources, 'redis'>): void {
  const gauge = (name: string, help: string) => new Gauge({ name: `bellows_redis_${name}`, help, registers });
  const used = gauge('used_bytes', 'Memory that Redis uses.');
  const most = gauge('max_bytes', 'Memory that Redis may use (maxmemory); 0 is no limit.');
  const clients = gauge('clients', 'Connections to Redis.');
  const aofBytes = gauge('aof_bytes', 'Size of the append-only file.');
  const aofOk = gauge('aof_ok', '1 while the append-only file is on, and was written and rewritten well.');
  const rewriting = gauge('aof_rewriting', '1 while the append-only file is being rewritten.');
  new Gauge({
    name: 'bellows_redis_up',
    help: '1 where Redis answers this replica.',
    registers,
    async collect() {
      const health = await sources.redis().catch(() => undefined);
      this.set(health === undefined ? 0 : 1);
      if (health === undefined) return;
      used.set(health.usedBytes);
      most.set(health.maxBytes);
      clients.set(health.clients);
      aofBytes.set(health.aofBytes);
      aofOk.set(health.aofOk ? 1 : 0);
      rewriting.set(health.rewriting ? 1 : 0);
    },
  });
}
