import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findDurabilityFaults } from '../../../../services/core/runtime/index.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { toRequest } from '../../../support/job.ts';

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({ faults: () => findDurabilityFaults(api.commands) });
});
afterEach(() => api.close());

test('not ready while Redis could lose an accepted push, and it says why', async () => {
  const red = await api.admin('/readyz');
  expect([red.status, await red.text()]).toEqual([503, 'Redis: appendfsync is no, expected always\n']);
  await api.commands.config('SET', 'appendfsync', 'always');
  const green = await api.admin('/readyz');
  expect([green.status, await green.text()]).toEqual([200, 'ready\n']);
  await api.commands.config('SET', 'maxmemory-policy', 'allkeys-lru');
  expect(await (await api.admin('/readyz')).text()).toContain('expected noeviction');
  api.commands.disconnect();
  const gone = await api.admin('/readyz');
  expect([gone.status, await gone.text()]).toEqual([503, expect.stringContaining('does not say')]);
});

test('where probes are open they say one word, whatever the Host', async () => {
  const other = await openTestApi({ openReadyz: true, faults: async () => ['a secret reason'] });
  const response = await other.ask('/readyz', { headers: { host: '10.1.2.3:7440' } });
  expect([response.status, await response.text()]).toEqual([503, 'not ready\n']);
  await other.close();
});

test('health is answered to whoever asks', async () => {
  const response = await api.ask('/healthz', { headers: { host: '10.1.2.3:7440' } });
  expect([response.status, await response.text()]).toEqual([200, 'ok\n']);
});

test('figures tell how many jobs wait, and stay readable without Redis', async () => {
  await api.queue.enqueue(toRequest());
  const figures = await (await api.ask('/metrics', { token: api.tokens.metrics })).text();
  expect(figures).toContain('bellows_jobs{state="queued"} 1');
  api.commands.disconnect();
  const rest = await (await api.ask('/metrics', { token: api.tokens.metrics })).text();
  expect(rest).toContain('route="/metrics"');
  expect(rest).not.toContain('bellows_jobs{');
});
