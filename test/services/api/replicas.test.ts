import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { openApi } from '../../../services/api/open.ts';
import type { ApiServer } from '../../../services/api/server.ts';
import { createToken, hashToken } from '../../../services/core/access/index.ts';
import { auditPageSchema, createVerifier, parseHeads } from '../../../services/core/audit/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis;
let replicas: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  replicas = [];
  await redis.stop();
});

const admin = createToken();

/** Two of them on one Redis, as in a cluster; each asks over HTTP. */
async function openTwo(settings: Record<string, string>) {
  redis = await startRedis({ appendfsync: 'always' });
  const config = apiConfigSchema.parse({
    BELLOWS_SECRETS_DIR: '/nowhere',
    BELLOWS_LISTEN: '127.0.0.1:0',
    BELLOWS_HOSTS: 'bellows.test',
    BELLOWS_REDIS_USER: 'default',
    BELLOWS_REDIS_URL: redis.url,
    BELLOWS_REQUIRE_DURABLE: 'false',
    ...settings,
  });
  const secrets = {
    roles: { admin: hashToken(admin) },
    webhooks: { local: [], gitea: [], github: [] },
    exposed: [],
  };
  const log = createLog('test', 'silent');
  replicas = await Promise.all([openApi({ config, secrets, log }), openApi({ config, secrets, log })]);
  return (i: number, path: string, init: RequestInit & { token?: string } = {}) => {
    const { port } = replicas[i % 2] ?? { port: 0 };
    return ask(port, path, init);
  };
}

test('of many requests that come to both at once, exactly as many pass as may', async () => {
  const send = await openTwo({ BELLOWS_LIMIT_REQUESTS: '37/h', BELLOWS_LIMIT_FAILURES: '23/h' });
  const good = Array.from({ length: 90 }, (_, i) => send(i, '/api/v1/me', { token: admin }));
  const bad = Array.from({ length: 60 }, (_, i) => send(i, '/api/v1/me', { token: 'guess' }));
  const count = (all: { status: number }[], status: number) =>
    all.filter((one) => one.status === status).length;
  const [passed, failed] = await Promise.all([Promise.all(good), Promise.all(bad)]);
  expect([count(passed, 200), count(passed, 429)]).toEqual([37, 53]);
  expect([count(failed, 401), count(failed, 429)]).toEqual([23, 37]);
});

test('an api that stops tells the head of the audit log, so that a restart hides nothing that was cut off', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-heads-'));
  const file = join(folder, 'audit-heads');
  const send = await openTwo({ BELLOWS_AUDIT_HEADS: file });
  await send(0, '/api/v1/claim-tokens', { method: 'POST', token: admin, body: '{"pool":"default"}' });
  await replicas[0]?.stop();
  expect(parseHeads(await readFile(file, 'utf8')).map(({ n }) => n)).toEqual([2]);
  await rm(folder, { recursive: true });
});

test('what both are asked to change at once is in one audit log, whole', async () => {
  const send = await openTwo({});
  const changes = Array.from({ length: 40 }, (_, i) =>
    send(i, '/api/v1/claim-tokens', { method: 'POST', token: admin, body: '{"pool":"default"}' }),
  );
  expect(new Set((await Promise.all(changes)).map(({ status }) => status))).toEqual(new Set([200]));
  const { body } = await send(0, '/api/v1/audit?after=0&limit=500', { token: admin });
  const page = auditPageSchema.parse(JSON.parse(body));
  const verifier = createVerifier(page.anchor);
  for (const entry of page.entries) verifier.add(entry);
  expect(verifier.finish(page.head)).toBeUndefined();
  expect(page.entries).toHaveLength(80);
});

/** `fetch` may not name another host than it connects to. */
function ask(port: number, path: string, init: RequestInit & { token?: string }) {
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const headers = {
      host: 'bellows.test',
      'content-type': 'application/json',
      ...(init.token === undefined ? {} : { authorization: `Bearer ${init.token}` }),
    };
    const options = {
      host: '127.0.0.1',
      port,
      path,
      method: init.method ?? 'GET',
      headers,
      agent: false,
    } as const;
    request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    })
      .on('error', reject)
      .end(init.body);
  });
}
