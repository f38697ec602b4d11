interface Panel {
  readonly title: string;
  readonly unit: 'short' | 's' | 'bytes' | 'percentunit' | 'reqps';
  /** PromQL → legend. */
  readonly lines: Readonly<Record<string, string>>;
}

/** What one sees at a glance: the queue above, the api and Redis below. */
export const panels: readonly Panel[] = [
  {
    title: 'Jobs by state',
    unit: 'short',
    lines: { 'max by (state) (bellows_jobs{state!~"success|failure|cancelled|skipped"})': '{{state}}' },
  },
  {
    title: 'Waiting, by pool',
    unit: 'short',
    lines: { 'max by (pool) (bellows_queue_depth)': '{{pool}}' },
  },
  {
    title: 'The oldest that waits',
    unit: 's',
    lines: { 'max by (pool) (bellows_queue_oldest_seconds)': '{{pool}}' },
  },
  {
    title: 'From queued to claimed, median and 95 %',
    unit: 's',
    lines: {
      'histogram_quantile(0.5, max by (le) (rate(bellows_job_wait_seconds_bucket[15m])))': 'median',
      'histogram_quantile(0.95, max by (le) (rate(bellows_job_wait_seconds_bucket[15m])))': '95 %',
    },
  },
  {
    title: 'Ended per hour, by outcome',
    unit: 'short',
    lines: {
      'sum by (outcome) (max by (repository, outcome) (increase(bellows_jobs_finished_total[1h])))':
        '{{outcome}}',
    },
  },
  {
    title: 'Caches that fitted',
    unit: 'percentunit',
    lines: {
      'sum(rate(bellows_caches_total{hit="exact"}[6h])) / sum(rate(bellows_caches_total[6h]))': 'exact',
    },
  },
  {
    title: 'Requests to the api',
    unit: 'reqps',
    lines: { 'sum by (status) (rate(bellows_http_request_seconds_count[5m]))': '{{status}}' },
  },
  {
    title: 'Webhooks',
    unit: 'reqps',
    lines: { 'sum by (forge, outcome) (rate(bellows_webhooks_total[15m]))': '{{forge}} {{outcome}}' },
  },
  {
    title: 'Memory of Redis',
    unit: 'bytes',
    lines: { 'max(bellows_redis_used_bytes)': 'used', 'max(bellows_redis_max_bytes)': 'may use' },
  },
];

/** For Grafana's sidecar, or to be imported by hand; it asks which Prometheus to take. */
export function toDashboard(): string {
  const dashboard = {
    uid: 'bellows',
    title: 'Bellows',
    tags: ['bellows'],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: {
      list: [{ name: 'prometheus', label: 'Prometheus', type: 'datasource', query: 'prometheus' }],
    },
    panels: panels.map(({ title, unit, lines }, index) => ({
      id: index + 1,
      type: 'timeseries',
      title,
      datasource,
      gridPos: { x: (index % 3) * 8, y: Math.floor(index / 3) * 8, w: 8, h: 8 },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: Object.entries(lines).map(([expr, legendFormat], line) => ({
        refId: String.fromCharCode(65 + line),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

const datasource = { type: 'prometheus', uid: '$prometheus' };
