import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { toSignature } from '../../../services/core/forge/index.ts';
import { openTestApi, type TestApi, webhookSecret } from '../../support/api.ts';

const dayMs = 86_400_000;
let api: TestApi;
beforeEach(async () => {
  api = await openTestApi({
    limits: { failures: { burst: 3, periodMs: dayMs }, requests: { burst: 5, periodMs: dayMs } },
    address: (c) => c.req.header('x-test-address') ?? '192.0.2.1',
  });
});
afterEach(() => api.close());

const statuses = async (count: number, ask: () => Promise<Response>) => {
  const all: number[] = [];
  for (let i = 0; i < count; i++) all.push((await ask()).status);
  return all;
};

test('credentials that are nobody’s are 401 so often from one address, then 429; a good one is let in', async () => {
  const guess = () => api.ask('/api/v1/jobs', { token: 'guess' });
  expect(await statuses(5, guess)).toEqual([401, 401, 401, 429, 429]);
  expect((await api.admin('/api/v1/jobs')).status).toBe(200);
  expect(
    (await api.ask('/api/v1/jobs', { token: 'guess', headers: { 'x-test-address': '192.0.2.2' } })).status,
  ).toBe(401);
  expect(await api.deps.metrics.render()).toContain('bellows_limited_total{limit="failures"} 2');
});

test('unsigned webhooks are failures too, and one that is signed is heard through any number of them', async () => {
  const body = '{}';
  const unsigned = () => api.ask('/webhooks/gitea', { method: 'POST', body });
  expect(await statuses(4, unsigned)).toEqual([401, 401, 401, 429]);
  const signed = await api.ask('/webhooks/gitea', {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-gitea-event': 'star',
      'x-gitea-signature': toSignature(Buffer.from(body), webhookSecret),
    },
  });
  expect(signed.status).toBe(200);
});

test('a 429 says when to come again, and every limited answer how much is left', async () => {
  const first = await api.admin('/api/v1/jobs');
  expect(first.headers.get('ratelimit-policy')).toBe('"requests";q=5;w=86400');
  expect(first.headers.get('ratelimit')).toBe('"requests";r=4');
  await statuses(4, () => api.admin('/api/v1/jobs'));
  const refused = await api.admin('/api/v1/jobs');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  const wait = Number(refused.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(86_400 / 5);
  expect(refused.headers.get('ratelimit')).toBe(`"requests";r=0;t=${wait}`);
});

test('machines and figures have no limit', async () => {
  const json = { pool: 'default' };
  const token = api.tokens.launcher;
  const launch = () => api.ask('/api/v1/claim-tokens', { method: 'POST', token, json });
  expect(new Set(await statuses(10, launch))).toEqual(new Set([200]));
  for (const path of ['/metrics', '/readyz'])
    expect(new Set(await statuses(6, () => api.admin(path)))).toEqual(new Set([200]));
});

test('nothing is changed by a request over the limit', async () => {
  await statuses(5, () => api.admin('/api/v1/jobs'));
  const json = { pool: 'default' };
  const before = await api.keys();
  expect((await api.admin('/api/v1/claim-tokens', { method: 'POST', json })).status).toBe(429);
  expect(await api.keys()).toEqual(before);
});

test('without Redis a credential that is nobody’s is 503, and so is a good one', async () => {
  api.commands.disconnect();
  for (const token of ['guess', api.tokens.admin]) {
    const response = await api.ask('/api/v1/jobs', { token });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  }
});

test('a limit is a number for a time, or off', () => {
  const parse = (text: string) =>
    apiConfigSchema.safeParse({ BELLOWS_SECRETS_DIR: '/x', BELLOWS_LIMIT_FAILURES: text });
  expect(parse('60/m').data?.BELLOWS_LIMIT_FAILURES).toEqual({ burst: 60, periodMs: 60_000 });
  expect(parse('5/s').data?.BELLOWS_LIMIT_FAILURES).toEqual({ burst: 5, periodMs: 1000 });
  expect(parse('100/h').data?.BELLOWS_LIMIT_FAILURES).toEqual({ burst: 100, periodMs: 3_600_000 });
  expect(parse('off').data).toMatchObject({ BELLOWS_LIMIT_FAILURES: undefined });
  const usual = apiConfigSchema.parse({ BELLOWS_SECRETS_DIR: '/x' });
  expect(usual.BELLOWS_LIMIT_REQUESTS).toEqual({ burst: 6000, periodMs: 60_000 });
  for (const text of ['0/m', '60', '60/d', '-1/s', '1.5/s', '']) expect(parse(text).success).toBe(false);
});
