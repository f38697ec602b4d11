import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../services/api/config.ts';
import { openApi } from '../../services/api/open.ts';
import type { ApiServer } from '../../services/api/server.ts';
import { createToken, hashToken } from '../../services/core/access/index.ts';
import { toSignature } from '../../services/core/forge/index.ts';
import { acceptedSchema, claimSchema, claimTokenSchema } from '../../services/core/job/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import { createQueue, createRepositories } from '../../services/core/queue/index.ts';
import { readConfig } from '../../services/core/runtime/index.ts';
import { readStream, repository } from '../support/api.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** Two replicas of the api on one Redis, and clients that ask the other one when one does not answer. */

const admin = createToken();
const webhookSecret = createToken();
const secrets = {
  roles: { admin: hashToken(admin) },
  webhooks: { local: [], gitea: [webhookSecret], github: [] },
  exposed: [],
};
const drainMs = 500;
let redis: TestRedis;
let ports: [number, number];
const replicas: (ApiServer | undefined)[] = [];

beforeAll(async () => {
  redis = await startRedis({ appendfsync: 'always' });
  await createRepositories({ commands: await redis.connect() }).put(repository);
  ports = await findFreePorts();
  await Promise.all([start(0), start(1)]);
});
afterAll(async () => {
  await Promise.all(replicas.map((api) => api?.stop()));
  await redis.stop();
});

async function start(at: 0 | 1): Promise<void> {
  const config = readConfig(apiConfigSchema, {
    BELLOWS_SECRETS_DIR: '/nowhere',
    BELLOWS_LISTEN: `127.0.0.1:${ports[at]}`,
    BELLOWS_PUBLIC_URL: `http://127.0.0.1:${ports[0]}`,
    BELLOWS_GITEA_ORIGIN: 'http://127.0.0.1:1',
    BELLOWS_REDIS_USER: 'default',
    BELLOWS_REDIS_URL: redis.url,
    BELLOWS_DRAIN_MS: String(drainMs),
    BELLOWS_OPEN_READYZ: 'true',
    BELLOWS_LIMIT_REQUESTS: 'off',
  });
  replicas[at] = await openApi({ config, secrets, log: createLog('test', 'silent') });
}

const toUrl = (at: number) => `http://127.0.0.1:${ports[at % 2]}`;
const isReady = async (at: 0 | 1) => (await fetch(`${toUrl(at)}/readyz`).catch(() => undefined))?.ok === true;

/** What a load balancer in front of both does with one request. */
function createBalancer() {
  let turn = 0;
  const counts = { asked: 0, retried: 0, failed: [] as string[] };
  const ask = async (path: string, init: RequestInit & { token?: string }): Promise<Response> => {
    const { token, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const first = turn++;
    counts.asked += 1;
    const once = async (at: number) => {
      const response = await fetch(toUrl(at) + path, { ...rest, headers }).catch(() => undefined);
      return response?.status === 503 ? undefined : response;
    };
    const answer = await once(first);
    if (answer !== undefined) return answer;
    counts.retried += 1;
    const second = await once(first + 1);
    if (second === undefined) counts.failed.push(path);
    return second ?? new Response('{}', { status: 599 });
  };
  return { ask, counts };
}

test('a rolling restart under load answers every request after at most one retry, and does nothing twice', async () => {
  const { ask, counts } = createBalancer();
  let over = false;
  const accepted: string[] = [];
  const look = async (response: Response) => {
    if (!response.ok) throw new Error(`${response.status} ${response.url}: ${await response.text()}`);
    return response.status === 204 ? undefined : ((await response.json()) as unknown);
  };

  const push = async (who: number) => {
    for (let n = 0; !over; n++) {
      const body = Buffer.from(JSON.stringify(toPayload(who, n)));
      const response = await ask('/webhooks/gitea', {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'x-gitea-event': 'push',
          'x-gitea-delivery': `${who}-${n}`,
          'x-gitea-signature': toSignature(body, webhookSecret),
        },
      });
      accepted.push(...acceptedSchema.parse(await look(response)).jobs);
    }
  };
  const work = async (agent: string) => {
    const json = { 'content-type': 'application/json' };
    for (let n = 0; !over; n++) {
      const send = (path: string, token: string, body: unknown) =>
        ask(path, { method: 'POST', token, headers: json, body: JSON.stringify(body) }).then(look);
      const { token } = claimTokenSchema.parse(
        await send('/api/v1/claim-tokens', admin, { pool: 'default' }),
      );
      const given = await send('/api/v1/agent/claim', token, { pool: 'default', agent: `${agent}-${n}` });
      if (given === undefined) continue;
      const claim = claimSchema.parse(given);
      const place = `/api/v1/agent/jobs/${claim.job}`;
      // Held until the api wants to stop, or for this long.
      const beat = ask(`${place}/heartbeat?wait=100`, { method: 'POST', token: claim.token }).then(look);
      await send(`${place}/steps`, claim.token, { name: 'test', state: 'success', exitCode: 0 });
      expect(await beat).toEqual({ answer: 'ok' });
      const answer = await send(`${place}/complete`, claim.token, { outcome: 'success' });
      expect([{ answer: 'done' }, { answer: 'dup' }]).toContainEqual(answer);
    }
  };
  const seen: string[] = [];
  const follow = new AbortController();
  let last = '0-1';
  const watch = async () => {
    while (!follow.signal.aborted) {
      try {
        const response = await ask('/api/v1/events', {
          token: admin,
          headers: { 'last-event-id': last },
          signal: follow.signal,
        });
        for await (const { id, data } of readStream(response)) {
          if (id === undefined) continue;
          last = id;
          if (data.type === 'created') seen.push(data.job);
        }
      } catch {
        // Cut off: it comes again with the last event's id.
      }
    }
  };

  const watching = watch();
  const load = [push(1), push(2), work('one'), work('two')];
  for (const at of [0, 1] as const) {
    const before = accepted.length;
    await until(() => accepted.length > before + 10);
    const stopping = replicas[at]?.stop();
    // Not ready while it still answers: whoever balances the load has the time to see it, and to go elsewhere.
    await until(async () => {
      const { status, headers } = await fetch(`${toUrl(at)}/readyz`);
      return status === 503 && headers.get('connection') === 'close';
    });
    await stopping;
    await start(at);
    await until(() => isReady(at));
  }
  const before = accepted.length;
  await until(() => accepted.length > before + 10);
  over = true;
  await Promise.all(load);

  expect(counts.failed).toEqual([]);
  expect(counts.asked).toBeGreaterThan(100);
  const queue = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
  expect(await queue.audit()).toEqual([]);
  expect(new Set(accepted).size).toBe(accepted.length);
  await until(() => seen.length >= accepted.length);
  // Every event once, across the streams that were cut.
  expect([...seen].sort()).toEqual([...accepted].sort());
  follow.abort();
  await watching;
});

function toPayload(who: number, n: number) {
  const sha = (who * 1_000_000 + n).toString(16).padStart(40, '0');
  return {
    ref: `refs/heads/branch-${who}`,
    before: n === 0 ? '0'.repeat(40) : (who * 1_000_000 + n - 1).toString(16).padStart(40, '0'),
    after: sha,
    head_commit: { id: sha, message: 'Turn the crank', author: { name: 'Ada' } },
    repository: {
      id: 1,
      full_name: 'ada/forge-bell',
      default_branch: 'main',
      updated_at: new Date().toISOString(),
    },
    pusher: { login: 'ada' },
  };
}

/** Two at once, so that they are two. */
async function findFreePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const found: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    found.push(typeof address === 'object' && address !== null ? address.port : 0);
  }
  for (const server of servers) {
    server.close();
    await once(server, 'close');
  }
  return [found[0] ?? 0, found[1] ?? 0];
}
