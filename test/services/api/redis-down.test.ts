import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { accessRules } from '../../../services/api/access-rules.ts';
import { type Role, reaches } from '../../../services/core/access/index.ts';
import { toSignature } from '../../../services/core/forge/index.ts';
import type { Claim } from '../../../services/core/job/index.ts';
import { openTestApi, repository, type TestApi, webhookSecret } from '../../support/api.ts';
import { toRequest } from '../../support/job.ts';
import { readFixture } from '../../support/webhook.ts';

const limit = { burst: 1000, periodMs: 60_000 };
let api: TestApi;
let running: Claim;
beforeEach(async () => {
  api = await openTestApi({ limits: { failures: limit, requests: limit } });
  await api.deps.repositories.put(repository);
  await api.queue.enqueue(toRequest());
  running = await api.claim('agent-1');
});
afterEach(() => api.close());

/** What is answered without Redis, and why. */
const withoutRedis: Record<string, string> = {
  'GET /healthz': 'the api itself lives',
  'GET /metrics': 'figures are most needed then',
  'GET /readyz': 'it says what is wrong',
  'GET /sign-in': 'no identity provider is set here',
  'GET /sign-in/callback': 'no identity provider is set here',
  'POST /oauth/device_authorization': 'no identity provider is set here',
};

test('without Redis every route that needs it is 503 at once, with Retry-After, and nothing is written', async () => {
  const other = await api.redis.connect();
  const before = await digest(other);
  api.commands.disconnect();
  for (const [route, rule] of Object.entries(accessRules)) {
    if (route in withoutRedis) continue;
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern
      .replace(':id', running.job)
      .replace(':forge/:owner/:name', repository.id)
      .replace(':forge', 'gitea')
      .replace(':session', '0'.repeat(16))
      .replace(/:(?:token|secret|pipeline|agent|hook)/g, '0'.repeat(20))
      .replace(':n', '1');
    const body = toBody(route);
    const headers = toHeaders(rule, body ?? Buffer.of());
    const response = await api.ask(path, { method, headers, ...(body === undefined ? {} : { body }) });
    expect([route, response.status]).toEqual([route, 503]);
    expect([route, response.headers.get('retry-after')]).toEqual([route, '5']);
  }
  expect(await digest(other)).toBe(before);
});

test('a full Redis takes no new work, and says so; what runs is told, ended and cancelled all the same', async () => {
  await api.queue.enqueue(toRequest());
  const waiting = (await api.queue.jobs({ states: ['queued'], limit: 1 })).jobs[0]?.id ?? '';
  const owed: (string | undefined)[] = [];
  api.deps.reconciler.owe = (id) => void owed.push(id);
  await api.commands.config('SET', 'maxmemory', '1');

  const push = await api.hook(readFixture('gitea', 'push'));
  expect([push.status, Number(push.headers.get('retry-after')) > 0]).toEqual([503, true]);
  expect(owed).toEqual([repository.id]);
  const json = { repository: repository.id, ref: 'refs/heads/main', sha: 'a'.repeat(40) };
  const trigger = await api.admin('/api/v1/jobs', { method: 'POST', json });
  expect([trigger.status, Number(trigger.headers.get('retry-after')) > 0]).toEqual([503, true]);

  expect((await api.admin(`/api/v1/jobs/${running.job}`)).status).toBe(200);
  expect((await api.admin(`/api/v1/jobs/${waiting}/cancel`, { method: 'POST' })).status).toBe(200);
  const say = (path: string, body: unknown) =>
    api.ask(`/api/v1/agent/jobs/${running.job}/${path}`, {
      method: 'POST',
      token: running.token,
      json: body,
    });
  expect((await say('heartbeat', {})).status).toBe(200);
  expect((await say('steps', { name: 'test', state: 'success' })).status).toBe(204);
  expect((await say('complete', { outcome: 'success' })).status).toBe(200);
  expect((await api.queue.job(running.job))?.job.state).toBe('success');
  expect((await api.queue.job(waiting))?.job.state).toBe('cancelled');
  await api.commands.config('SET', 'maxmemory', '0');
});

const poll = new URLSearchParams({
  grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
  client_id: 'bellows',
  device_code: 'A'.repeat(43),
}).toString();

function toBody(route: string): Buffer | undefined {
  if (route.startsWith('POST /webhooks/')) return readFixture('gitea', 'push');
  if (route === 'POST /oauth/token') return Buffer.from(poll);
  if (route.endsWith('/claim')) return Buffer.from(JSON.stringify({ pool: 'default', agent: 'agent-2' }));
  return undefined;
}

function toHeaders(rule: 'open' | readonly Role[], body: Buffer): Record<string, string> {
  const json = { 'content-type': 'application/json' };
  if (body.toString() === poll) return { 'content-type': 'application/x-www-form-urlencoded' };
  if (rule === 'open')
    return { ...json, 'x-gitea-event': 'push', 'x-gitea-signature': toSignature(body, webhookSecret) };
  const takes = (role: Role) => rule.some((wanted) => reaches(role, wanted));
  if (takes('job')) return { authorization: `Bearer ${running.token}` };
  if (takes('claim')) return { authorization: `Bearer bc.${'A'.repeat(43)}`, ...json };
  return { authorization: `Bearer ${api.tokens.admin}` };
}

async function digest(redis: TestApi['commands']): Promise<string> {
  const hash = createHash('sha256');
  for (const key of (await redis.keys('*')).sort())
    hash.update(key).update((await redis.dumpBuffer(key)) ?? '');
  return hash.digest('hex');
}
