import type { Metrics } from './metrics.ts';
import { type ApiServer, openServer } from './server.ts';

/**
 * The figures for whoever asks, and nothing else: on a port of their own, which a network policy opens to Prometheus
 * alone. Most ways of finding what to scrape cannot say a credential.
 */
export function openMetricsListener(
  metrics: Pick<Metrics, 'render'>,
  listen: { host: string; port: number },
): Promise<ApiServer> {
  return openServer({
    ...listen,
    fetch: async ({ method, url }) => {
      if (new URL(url).pathname !== '/metrics')
        return new Response('only /metrics is here\n', { status: 404 });
      if (method !== 'GET') return new Response('only GET\n', { status: 405, headers: { allow: 'GET' } });
      return new Response(await metrics.render(), { headers: { 'content-type': metricsType } });
    },
  });
}

export const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
