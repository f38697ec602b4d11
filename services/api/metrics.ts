import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { OutboxState } from '../core/queue/index.ts';

export type WebhookOutcome =
  | 'enqueued'
  | 'dup'
  | 'gone'
  | 'ping'
  | 'ignored'
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
  archived(): void;
  archiveFailed(): void;
}

/** @param readCounts jobs by state; asked when somebody scrapes. */
export function createMetrics(
  readCounts: () => Promise<ReadonlyMap<string, number>>,
  readOutbox: () => Promise<readonly OutboxState[]>,
): Metrics {
  const registers = [new Registry()];
  const [register] = registers;
  collectDefaultMetrics(register === undefined ? {} : { register });
  const webhooks = new Counter({
    name: 'bellows_webhooks_total',
    help: 'Webhooks by forge and outcome.',
    labelNames: ['forge', 'outcome'],
    registers,
  });
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
      const counts = await readCounts().catch(() => new Map<string, number>());
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
      for (const { forge, waiting, lagMs } of await readOutbox().catch(() => [])) {
        this.set({ forge }, waiting);
        lag.set({ forge }, lagMs / 1000);
      }
    },
  });
  return {
    render: async () => (await register?.metrics()) ?? '',
    webhook: (forge, outcome) => webhooks.inc({ forge, outcome }),
    request: (method, route, status, seconds) =>
      requests.observe({ method, route, status: String(status) }, seconds),
    status: (forge, outcome) => statuses.inc({ forge, outcome }),
    reconciled: (events) => reconciled.inc(events),
    limited: (limit) => limited.inc({ limit }),
    archived: () => archived.inc(),
    archiveFailed: () => archiveFailures.inc(),
    auditHead: (n) => auditHead.set(n),
  };
}
