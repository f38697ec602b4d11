import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openGitea } from '../../../charts/forge/program/gitea.ts';
import { setUpGitea } from '../../../charts/forge/program/setup.ts';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { openApi } from '../../../services/api/open.ts';
import type { ApiServer } from '../../../services/api/server.ts';
import { createToken, hashToken } from '../../../services/core/access/index.ts';
import { toHookWords } from '../../../services/core/forge/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { createQueue, createRepositories, type Queue } from '../../../services/core/queue/index.ts';
import { readConfig } from '../../../services/core/runtime/index.ts';
import { type GitHttp, openGitHttp } from '../../support/git-http.ts';
import { findPort, giteaIsHere, openRealGitea } from '../../support/gitea-program.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { keptSecrets } from './kept-secrets.ts';

if (!giteaIsHere) process.stderr.write('not tried: a real Gitea, since BELLOWS_TEST_GITEA names none\n');
const claim = giteaIsHere ? test : test.skip;

const site = 'gitea/acme/site';
const webhookSecret = createToken();
let gitea: Awaited<ReturnType<typeof openRealGitea>>;
let elsewhere: GitHttp;
let redis: TestRedis;
let api: ApiServer;
let queue: Queue;
let ask: ReturnType<typeof openGitea>;
let token = '';
/** What Gitea sent, and what it was answered; it is passed on. */
const heard: { event: string; body: Record<string, unknown>; status: number }[] = [];
let way: Server;

beforeAll(async () => {
  if (!giteaIsHere) return;
  [gitea, elsewhere, redis] = await Promise.all([
    openRealGitea(),
    openGitHttp(),
    startRedis({ appendfsync: 'always' }),
  ]);
  await elsewhere.commit('acme/site', { file: 'old' }, { ref: 'refs/heads/trunk' });
  await elsewhere.git('acme/site', 'symbolic-ref', 'HEAD', 'refs/heads/trunk');
  way = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const headers = Object.entries(request.headers).filter(([name]) => /^(x-gitea|content-type)/.test(name));
    const { status } = await fetch(`http://127.0.0.1:${api.port}${request.url}`, {
      method: 'POST',
      headers: headers.map(([name, value]): [string, string] => [name, String(value)]),
      body,
    });
    heard.push({ event: String(request.headers['x-gitea-event-type']), body: JSON.parse(`${body}`), status });
    response.writeHead(status).end();
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const secrets = keptSecrets();
  const administrator = await gitea.addAdministrator('bellows');
  await setUpGitea({
    plan: {
      origin: gitea.origin,
      administrator: { name: 'bellows', secret: { namespace: 'ci', name: 'gitea-administrator' } },
      bot: { name: 'bellows-bot', secret: { namespace: 'ci', name: 'bellows-gitea' } },
      webhook: {
        host: '127.0.0.1',
        port: (way.address() as AddressInfo).port,
        path: '/webhooks/gitea',
        events: toHookWords('gitea'),
      },
      organizations: ['acme'],
      mirrors: [{ from: elsewhere.url('acme/site'), owner: 'acme', name: 'site', everyMinutes: 10 }],
    },
    gitea: openGitea(gitea.origin, { token: administrator }),
    secrets: secrets.api,
    webhookSecret,
    receiverToken: '',
    random: () => randomBytes(32).toString('base64url'),
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    say: () => undefined,
  });
  const { password = '' } = secrets.written('gitea-administrator');
  ask = openGitea(gitea.origin, { username: 'bellows', password });
  token = secrets.written('bellows-gitea')['forge-gitea'] ?? '';
  api = await openApi({
    config: readConfig(apiConfigSchema, {
      BELLOWS_SECRETS_DIR: '/nowhere',
      BELLOWS_LISTEN: `127.0.0.1:${await findPort()}`,
      BELLOWS_REDIS_URL: redis.url,
      BELLOWS_REDIS_USER: 'default',
      BELLOWS_GITEA_ORIGIN: gitea.origin,
      BELLOWS_REPOSITORIES: `${site}=default`,
    }),
    secrets: {
      roles: { admin: hashToken(createToken()) },
      webhooks: { local: [], gitea: [webhookSecret], github: [] },
      forges: { gitea: token },
      exposed: [],
    },
    log: createLog('test', 'silent'),
  });
  queue = createQueue({ commands: await redis.connect(), leaseMs: 30_000 });
}, 120_000);
afterAll(async () => {
  await api?.stop();
  way?.closeAllConnections();
  way?.close();
  await Promise.all([redis?.stop(), elsewhere?.close(), gitea?.close()]);
});

const jobs = async () => (await queue.jobs({ limit: 50 })).jobs;
const job = (event: string, sha: string) =>
  until(async () => (await jobs()).find(({ spec }) => spec.event === event && spec.sha === sha), 60_000);

claim(
  'a mirror is registered by itself, by its own default branch, and what it holds then starts nothing',
  async () => {
    const repositories = createRepositories({ commands: await redis.connect() });
    const found = await until(() => repositories.get(site), 30_000);
    expect(found).toMatchObject({ name: 'acme/site', defaultBranch: 'trunk', pool: 'default' });
    expect(await jobs()).toEqual([]);
  },
);

claim(
  'a push, a new branch and an annotated tag elsewhere are told by the mirror, and built at their commits',
  async () => {
    const sync = () => ask.send('POST', '/repos/acme/site/mirror-sync');
    const pushed = await elsewhere.commit('acme/site', { file: 'new' }, { ref: 'refs/heads/trunk' });
    await sync();
    expect((await job('push', pushed)).spec).toMatchObject({ branch: 'trunk', subject: 'A change' });
    const branch = await elsewhere.commit('acme/site', { file: 'other' }, { ref: 'refs/heads/other' });
    await elsewhere.git(
      'acme/site',
      '-c',
      'user.name=Ada',
      '-c',
      'user.email=ada@example.org',
      'tag',
      '-a',
      '-m',
      'One',
      'v1',
      'trunk',
    );
    await sync();
    expect((await job('push', branch)).spec.branch).toBe('other');
    expect((await job('tag', pushed)).spec.ref).toBe('refs/tags/v1');
    expect((await jobs()).map(({ spec }) => spec.event).sort()).toEqual(['push', 'push', 'tag']);
    const told = heard.filter(({ event }) => event === 'push');
    expect(told.map(({ status }) => status)).toEqual([202, 202, 202]);
  },
);
