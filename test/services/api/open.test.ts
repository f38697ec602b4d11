import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { openApi } from '../../../services/api/open.ts';
import type { ApiServer } from '../../../services/api/server.ts';
import { createToken, hashToken } from '../../../services/core/access/index.ts';
import { createApiClient } from '../../../services/core/client/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { readConfig } from '../../../services/core/runtime/index.ts';
import { openTestForge, repository } from '../../support/api.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';

let redis: TestRedis | undefined;
let api: ApiServer | undefined;
afterEach(async () => {
  await api?.stop();
  await redis?.stop();
});

const admin = createToken();
const secrets = {
  roles: { admin: hashToken(admin) },
  webhooks: { local: [], gitea: [], github: [] },
  exposed: [],
};
const toConfig = (given: Record<string, string>) =>
  readConfig(apiConfigSchema, {
    BELLOWS_SECRETS_DIR: '/nowhere',
    BELLOWS_LISTEN: '127.0.0.1:0',
    BELLOWS_REDIS_USER: 'default',
    ...given,
  });

test('half of a GitHub App, or one beside a token, is refused at the start', async () => {
  const { privateKey: githubAppKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const origin = { BELLOWS_GITHUB_ORIGIN: 'https://github.com' };
  const app = { BELLOWS_GITHUB_APP: '31415' };
  const log = createLog('test', 'silent');
  for (const [given, more, why] of [
    [origin, { githubAppKey }, 'set BELLOWS_GITHUB_APP to its number'],
    [{ ...origin, ...app }, {}, 'put its private key into the secret github-app-key'],
    [{ ...origin, ...app }, { githubAppKey, forges: { github: 'x' } }, 'take one of them away'],
    [app, { githubAppKey }, 'set BELLOWS_GITHUB_ORIGIN'],
  ] as const)
    await expect(openApi({ config: toConfig(given), secrets: { ...secrets, ...more }, log })).rejects.toThrow(
      why,
    );
  expect(() => toConfig({ BELLOWS_GITHUB_APP: 'my app' })).toThrow(
    'the number or the client id of a GitHub App',
  );
});

test('opened, it ticks, reconciles and answers its client; stopped, nothing of it is left', async () => {
  const forge = await openTestForge({ 'refs/heads/main': 'a'.repeat(40) });
  redis = await startRedis({ appendfsync: 'always' });
  const given = {
    BELLOWS_REDIS_URL: redis.url,
    BELLOWS_GITEA_ORIGIN: forge.origin,
    BELLOWS_METRICS_LISTEN: '127.0.0.1:0',
  };
  // A push that moved its ref while no api lived.
  const before = await redis.connect();
  await before.hset('ci:{q}:repositories', repository.id, JSON.stringify(repository));
  const config = { ...toConfig(given), BELLOWS_HOSTS: undefined };
  const first = await openApi({ config, secrets, log: createLog('test', 'silent') });
  await first.stop();
  // Its port is known now, and so its names.
  api = await openApi({
    config: { ...config, BELLOWS_LISTEN: `127.0.0.1:${first.port}` },
    secrets,
    log: createLog('test', 'silent'),
  });
  const client = createApiClient({ url: `http://127.0.0.1:${api.port}`, token: admin });
  const abort = new AbortController();
  for await (const message of client.events('0-1', abort.signal))
    if ('event' in message && message.event.type === 'created') break;
  const { jobs } = await client.jobs();
  expect(jobs.map(({ spec }) => spec.sha)).toEqual(['a'.repeat(40)]);
  expect(await client.reconcile()).toEqual({ events: 0, repositories: 1 });
  client.close();
  await forge.close();
});

test('without Redis it listens all the same, says that it is not ready, and is ready when Redis comes back', async () => {
  redis = await startRedis();
  const commands = await redis.connect();
  await commands.config('SET', 'appendfsync', 'always');
  // Redis is there, and answers nobody: what an outage looks like without ending the process.
  await commands.client('PAUSE', 3000);
  const port = await freePort();
  const config = toConfig({ BELLOWS_REDIS_URL: redis.url, BELLOWS_LISTEN: `127.0.0.1:${port}` });
  api = await openApi({ config, secrets, log: createLog('test', 'silent') });
  const ask = (path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${admin}` } });
  expect((await ask('/healthz')).status).toBe(200);
  expect((await ask('/readyz')).status).toBe(503);
  while ((await ask('/readyz')).status !== 200);
});

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
