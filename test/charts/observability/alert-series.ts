/** What Prometheus has read, a value each minute, in the notation of `promtool test rules`: `0x60` stays, `0+1x60` grows. */
export type Series = Readonly<Record<string, string>>;

/** Figures that an alert is about, and figures close to them that it is not about. */
export interface AlertCase {
  readonly fires: Series;
  /** Its labels but the severity, where it has some. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly stays: readonly Series[];
}

/** By the name of the alert. Each is asked for after two hours and a half. */
export const alertCases: Readonly<Record<string, AlertCase>> = {
  BellowsApiGone: {
    fires: { 'bellows_redis_up{pod="api-1"}': '1x140 stale' },
    // One of two, and a restart of both.
    stays: [
      { 'bellows_redis_up{pod="api-1"}': '1x160', 'bellows_redis_up{pod="api-2"}': '1x20 stale' },
      { 'bellows_redis_up{pod="api-1"}': '1x146 stale' },
    ],
  },
  BellowsRedisDown: {
    fires: { 'bellows_redis_up{pod="api-1"}': '0x160', 'bellows_redis_up{pod="api-2"}': '0x160' },
    // One replica that is cut off, and nobody to ask: that is another alert.
    stays: [{ 'bellows_redis_up{pod="api-1"}': '0x160', 'bellows_redis_up{pod="api-2"}': '1x160' }, {}],
  },
  BellowsRedisNotDurable: {
    fires: { 'bellows_redis_aof_ok{pod="api-1"}': '1x160', 'bellows_redis_aof_ok{pod="api-2"}': '0x160' },
    stays: [
      { 'bellows_redis_aof_ok{pod="api-1"}': '1x160' },
      { 'bellows_redis_aof_ok{pod="api-1"}': '1x147 0x20' },
    ],
  },
  BellowsRedisFull: {
    fires: { bellows_redis_used_bytes: '86x160', bellows_redis_max_bytes: '100x160' },
    // Room, and no limit at all.
    stays: [
      { bellows_redis_used_bytes: '84x160', bellows_redis_max_bytes: '100x160' },
      { bellows_redis_used_bytes: '86x160', bellows_redis_max_bytes: '0x160' },
    ],
  },
  BellowsJobsWait: {
    fires: {
      'bellows_queue_oldest_seconds{pool="m",pod="api-1"}': '0+60x160',
      'bellows_queue_oldest_seconds{pool="m",pod="api-2"}': '0+60x160',
      'bellows_queue_oldest_seconds{pool="l",pod="api-1"}': '0x160',
    },
    labels: { pool: 'm' },
    stays: [{ 'bellows_queue_oldest_seconds{pool="m"}': '899x160' }],
  },
  BellowsDeadLetters: {
    fires: { 'bellows_jobs{state="dead"}': '2x130 3x30', 'bellows_jobs{state="queued"}': '5x160' },
    // One of yesterday, one that was put back, others that ended well, and an api that began anew.
    stays: [
      { 'bellows_jobs{state="dead"}': '3x160' },
      { 'bellows_jobs{state="dead"}': '3x130 2x30' },
      { 'bellows_jobs{state="dead"}': '0x160', 'bellows_jobs{state="success"}': '0+1x160' },
      {
        'bellows_jobs{state="dead",pod="api-1"}': '3x130 stale',
        'bellows_jobs{state="dead",pod="api-2"}': '_x130 3x30',
      },
    ],
  },
  BellowsStatusesLate: {
    fires: { 'bellows_outbox_lag_seconds{forge="github"}': '601x160' },
    labels: { forge: 'github' },
    stays: [{ 'bellows_outbox_lag_seconds{forge="github"}': '599x160' }],
  },
  BellowsWebhooksUnsigned: {
    fires: {
      'bellows_webhooks_total{forge="gitea",outcome="unsigned",pod="api-1"}': '0x145 6x20',
      'bellows_webhooks_total{forge="gitea",outcome="enqueued",pod="api-1"}': '0+1x160',
    },
    labels: { forge: 'gitea' },
    stays: [
      { 'bellows_webhooks_total{forge="gitea",outcome="unsigned"}': '0x145 4x20' },
      { 'bellows_webhooks_total{forge="gitea",outcome="unsigned"}': '9x160' },
      { 'bellows_webhooks_total{forge="gitea",outcome="enqueued"}': '0+9x160' },
    ],
  },
  BellowsApiErrors: {
    fires: {
      'bellows_http_request_seconds_count{status="200"}': '0+90x160',
      'bellows_http_request_seconds_count{status="503"}': '0+10x160',
    },
    stays: [
      {
        'bellows_http_request_seconds_count{status="200"}': '0+97x160',
        'bellows_http_request_seconds_count{status="500"}': '0+3x160',
      },
      // What a client did wrong, and nothing at all.
      { 'bellows_http_request_seconds_count{status="429"}': '0+90x160' },
      { 'bellows_http_request_seconds_count{status="500"}': '0x160' },
    ],
  },
  BellowsLogsNotArchived: {
    fires: { bellows_log_archive_failures_total: '0+1x160' },
    // Once, and no more.
    stays: [{ bellows_log_archive_failures_total: '0x100 1x60' }],
  },
};
