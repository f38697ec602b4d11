import type { Cluster } from '../platform.ts';

/** What a Prometheus without its operator reads on pods: that there is something, and where. */
export function scraped({ monitoring }: Cluster, port: number): { annotations?: Record<string, string> } {
  if (monitoring?.by !== 'annotations') return {};
  return {
    annotations: {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': String(port),
      'prometheus.io/path': '/metrics',
    },
  };
}
