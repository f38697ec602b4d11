/** Something that a person should look at. docs/operations/alerts.md is made from these. */
export interface AlertRow {
  readonly name: string;
  /** PromQL over metrics of docs/operations/metrics.md. */
  readonly expr: string;
  /** How long it must hold: `10m` */
  readonly for: string;
  /** `page`: now; `look`: today. */
  readonly severity: 'page' | 'look';
  /** In a sentence; labels of the expression as `{{ $labels.pool }}`. */
  readonly says: string;
  /** What to look at, and what mends it. */
  readonly mend: string;
}

/** The queue's figures are the same from every replica, so they are taken by `max`; a replica's own are summed. */
export const alertRows: readonly AlertRow[] = [
  {
    name: 'BellowsApiGone',
    expr: 'absent(bellows_redis_up)',
    for: '5m',
    severity: 'page',
    says: 'No replica of the api is seen: pushes are refused and repeated later.',
    mend: 'Look at the pods `api` and their events; `flux get kustomizations` says what was not applied.',
  },
  {
    name: 'BellowsRedisDown',
    expr: 'max(bellows_redis_up) == 0',
    for: '2m',
    severity: 'page',
    says: 'The api does not reach Redis: nothing is queued, and no job goes on.',
    mend: 'Look at the pod `redis-0`. It loads its file before it answers; agents and forges repeat meanwhile.',
  },
  {
    name: 'BellowsRedisNotDurable',
    expr: 'min(bellows_redis_aof_ok) == 0',
    for: '5m',
    severity: 'page',
    says: 'Redis does not write its append-only file well: an accepted push could be lost.',
    mend: 'Mostly its volume is full: give `redis.storage` more, and see its log.',
  },
  {
    name: 'BellowsRedisFull',
    expr: 'max(bellows_redis_used_bytes) / max(bellows_redis_max_bytes > 0) > 0.85',
    for: '15m',
    severity: 'look',
    says: 'Redis is more than 85 % full; at 100 % it takes no job.',
    mend: 'Raise `redis.memory`, or set `archive`, so that logs leave Redis when their job ends.',
  },
  {
    name: 'BellowsJobsWait',
    expr: 'max by (pool) (bellows_queue_oldest_seconds) > 900',
    for: '5m',
    severity: 'look',
    says: 'A job of pool {{ $labels.pool }} waits for longer than 15 minutes.',
    mend: 'All agents are busy (raise `max`), none can start (events of their pods), or the pool has its [quiet hours](../guides/quiet-hours.md).',
  },
  {
    name: 'BellowsDeadLetters',
    expr: 'max(delta(bellows_jobs{state="dead"}[1h])) > 0',
    for: '0m',
    severity: 'look',
    says: 'A job was given up: its agents were lost, or its forge could not be reached, too often.',
    mend: '`./bellows dead` says which and why; `./bellows requeue` puts it back.',
  },
  {
    name: 'BellowsStatusesLate',
    expr: 'max by (forge) (bellows_outbox_lag_seconds) > 600',
    for: '5m',
    severity: 'look',
    says: '{{ $labels.forge }} was not told of a commit for 10 minutes.',
    mend: 'Whether it answers, and whether its token is still good: [statuses](statuses.md).',
  },
  {
    name: 'BellowsWebhooksUnsigned',
    expr: 'sum by (forge) (increase(bellows_webhooks_total{outcome="unsigned"}[30m])) > 5',
    for: '0m',
    severity: 'look',
    says: 'Webhooks of {{ $labels.forge }} are refused, since their signature is not right.',
    mend: 'Somebody tries, or a secret was changed on one side: [webhooks](webhooks.md).',
  },
  {
    name: 'BellowsApiErrors',
    expr: 'sum(rate(bellows_http_request_seconds_count{status=~"5.."}[10m])) / sum(rate(bellows_http_request_seconds_count[10m])) > 0.05',
    for: '10m',
    severity: 'page',
    says: 'More than one in twenty requests to the api fail.',
    mend: 'The log of the pods `api` names the error; mostly Redis or a volume is behind it.',
  },
  {
    name: 'BellowsLogsNotArchived',
    expr: 'sum(increase(bellows_log_archive_failures_total[1h])) > 0',
    for: '1h',
    severity: 'look',
    says: 'Logs of ended jobs cannot be archived, and stay in Redis.',
    mend: 'The volume or bucket of `archive`: whether it is there, has room, and its key is still good: [logs](logs.md).',
  },
];

/** As Prometheus reads it, in a PrometheusRule as in a file of rules. */
export function toRuleGroups() {
  return [
    {
      name: 'bellows',
      rules: alertRows.map(({ name, expr, for: holds, severity, says, mend }) => ({
        alert: name,
        expr,
        for: holds,
        labels: { severity },
        annotations: { summary: says, description: mend },
      })),
    },
  ];
}
