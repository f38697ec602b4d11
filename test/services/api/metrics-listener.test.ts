import { expect, test } from '@jest/globals';
import { openMetricsListener } from '../../../services/api/metrics-listener.ts';

test('where only Prometheus comes, /metrics asks for nothing, and nothing else is there', async () => {
  const metrics = { render: async () => 'bellows_redis_up 1\n' };
  const server = await openMetricsListener(metrics, { host: '127.0.0.1', port: 0 });
  const ask = async (path: string, method = 'GET') => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return [answer.status, answer.headers.get('content-type'), await answer.text()];
  };
  expect(await ask('/metrics')).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'bellows_redis_up 1\n',
  ]);
  expect((await ask('/metrics', 'POST'))[0]).toBe(405);
  for (const path of ['/', '/healthz', '/api/v1/jobs', '/metrics/'])
    expect([path, (await ask(path))[0]]).toEqual([path, 404]);
  await server.stop();
});
