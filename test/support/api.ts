import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApp } from '../../services/api/app.ts';
import { createArtifacts } from '../../services/api/artifacts/artifacts.ts';
import { createClientAddress } from '../../services/api/client-address.ts';
import type { ApiDeps } from '../../services/api/deps.ts';
import { createStreamSlots } from '../../services/api/event-stream.ts';
import { createJobWatch } from '../../services/api/job-watch.ts';
import { createMetrics } from '../../services/api/metrics.ts';
import { toOpenApi } from '../../services/api/openapi/document.ts';
import { createReconciler } from '../../services/api/reconcile/reconciler.ts';
import {
  createApiTokens,
  createAuditChain,
  createClaimTokens,
  createDeviceLogins,
  createPageCodes,
  createRateLimits,
  createRepositorySecrets,
  createSecretsKey,
  createSessions,
  createToken,
  hashToken,
} from '../../services/core/access/index.ts';
import { toSignature } from '../../services/core/forge/index.ts';
import type { Claim, Repository } from '../../services/core/job/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import {
  createBundles,
  createCrons,
  createFollower,
  createMeasures,
  createOutbox,
  createQueue,
  createRepositories,
} from '../../services/core/queue/index.ts';
import { openRedis, readRedisHealth } from '../../services/core/runtime/index.ts';
import type { Store } from '../../services/core/store/index.ts';
import { createSampler, createTracer } from '../../services/core/trace/index.ts';
import { createAnswerCheck } from './openapi.ts';
import { startRedis } from './redis.ts';

export const publicUrl = 'http://127.0.0.1:7440';
export const webhookSecret = 'webhook-secret-of-the-test-0000000000';
export const webhookSecrets = {
  local: webhookSecret,
  gitea: webhookSecret,
  github: 'another-secret-0000000000000000000',
};
export const repository: Repository = {
  id: 'gitea/ada/forge-bell',
  forge: 'gitea',
  name: 'ada/forge-bell',
  defaultBranch: 'main',
  pool: 'default',
  timeLimitMs: 600_000,
};

export type TestApi = Awaited<ReturnType<typeof openTestApi>>;

/** The api as a function, with a real queue on a real Redis; nothing listens. */
export async function openTestApi({
  leaseMs = 30_000,
  store,
  forges,
  ...given
}: Partial<ApiDeps> & { leaseMs?: number; store?: Store; forges?: ApiDeps['secrets']['forges'] } = {}) {
  const redis = await startRedis();
  const commands = await redis.connect();
  const queue = createQueue({ commands, leaseMs, told: ['gitea', 'github'] });
  const outbox = createOutbox({ commands });
  const repositories = createRepositories({ commands });
  const follower = createFollower({
    commands,
    openBlocking: () => openRedis({ url: redis.url }, 'blocking'),
  });
  const tokens = { admin: createToken(), launcher: createToken(), metrics: createToken() };
  const stopping = new AbortController();
  const log = createLog('test', 'silent');
  const measures = createMeasures({ commands, names: 3 });
  const metrics = createMetrics({
    counts: () => queue.counts(),
    outbox: () => outbox.state(),
    depths: () => measures.depths(),
    totals: () => measures.totals(),
    redis: () => readRedisHealth(commands),
  });
  const watch = createJobWatch({ queue, follower, log, retryMs: 10 });
  const origins = given.origins ?? { gitea: 'http://127.0.0.1:1', local: 'http://127.0.0.1:1' };
  const cloneKey = 'clone-key-of-the-test-0000000000000000';
  const tracer = given.tracer ?? createTracer(createSampler('parentbased_always_on'));
  const reconciler = createReconciler({
    queue,
    repositories,
    origins,
    lookups: {},
    secrets: { cloneKey, forges },
    publicUrl,
    metrics,
    tracer,
    log,
  });
  const deps: ApiDeps = {
    queue,
    outbox,
    follower,
    repositories,
    artifacts: createArtifacts({
      store,
      bundles: createBundles({ commands }),
      jobBytes: 10 * 1024 * 1024,
      repositoryBytes: 20 * 1024 * 1024,
      keepMs: 86_400_000,
    }),
    crons: createCrons({ commands }),
    claimTokens: createClaimTokens(commands),
    repositorySecrets: createRepositorySecrets(commands, [createSecretsKey()]),
    pageCodes: createPageCodes(commands),
    sessions: createSessions(commands),
    apiTokens: createApiTokens(commands),
    audit: createAuditChain(commands, 10_000),
    rateLimits: createRateLimits(commands),
    limits: { failures: undefined, requests: undefined },
    deviceLogins: createDeviceLogins(commands),
    address: createClientAddress([]),
    secrets: {
      roles: {
        admin: hashToken(tokens.admin),
        launcher: hashToken(tokens.launcher),
        metrics: hashToken(tokens.metrics),
      },
      webhooks: {
        local: [webhookSecret],
        gitea: [webhookSecret],
        github: [webhookSecrets.github],
      },
      cloneKey,
      forges,
    },
    pools: new Map([
      ['default', 'linux/amd64'],
      ['spark', 'linux/arm64'],
    ]),
    origins,
    publicUrl,
    hosts: ['127.0.0.1:7440', 'localhost:7440'],
    openReadyz: false,
    watch,
    reconciler,
    metrics,
    log,
    slots: createStreamSlots(10),
    schema: { refusal: () => undefined },
    faults: async () => [],
    tracer,
    // When the recorded webhooks were sent.
    now: () => Date.parse('2026-05-31T00:00:00Z'),
    draining: stopping.signal,
    stopping: stopping.signal,
    ...given,
  };
  const app = createApp(deps);
  // Whatever a test asks for: what is answered is what the document says.
  const check = createAnswerCheck(toOpenApi(app, publicUrl));
  const watching = watch.run(stopping.signal);

  const ask = async (path: string, init: RequestInit & { token?: string; json?: unknown } = {}) => {
    const { token, json, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    if (json !== undefined) headers.set('content-type', 'application/json');
    const body = json === undefined ? rest.body : JSON.stringify(json);
    const response = await app.request(`${publicUrl}${path}`, {
      ...rest,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    await check(rest.method ?? 'GET', path, response);
    return response;
  };

  return {
    app,
    deps,
    redis,
    commands,
    queue,
    measures,
    tokens,
    ask,
    /** As the owner. */
    admin: (path: string, init: RequestInit & { json?: unknown } = {}) =>
      ask(path, { ...init, token: tokens.admin }),
    /** As Gitea sends it. */
    hook: (body: string | Uint8Array, event = 'push', headers: Record<string, string> = {}) =>
      ask('/webhooks/gitea', {
        method: 'POST',
        body: Buffer.from(body),
        headers: {
          'content-type': 'application/json',
          'x-gitea-event': event,
          'x-gitea-signature': toSignature(Buffer.from(body), webhookSecret),
          ...headers,
        },
      }),
    /** Claims the next job of the pool as a new agent. */
    claim: async (agent: string, pool = 'default'): Promise<Claim> => {
      const token = await deps.claimTokens.issue(pool);
      const response = await ask('/api/v1/agent/claim', { method: 'POST', token, json: { pool, agent } });
      if (response.status !== 200) throw new Error(`claim: ${response.status} ${await response.text()}`);
      return (await response.json()) as Claim;
    },
    /** Every key in Redis but what is counted and recorded of requests as such. */
    keys: async () =>
      (await commands.keys('*')).filter((key) => !/^access:(?:\{audit\}|limit:)/.test(key)).sort(),
    close: async () => {
      stopping.abort();
      await watching;
      await follower.close();
      await redis.stop();
    },
  };
}

/** A forge that answers with these refs, as git's protocol has it. */
export async function openTestForge(refs: Record<string, string>) {
  const asked: (string | undefined)[] = [];
  let down = false;
  const server: Server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    if (down) return void response.writeHead(503).end();
    const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
    const lines = Object.entries(refs).map(([ref, sha]) => line(`${sha} ${ref}\n`));
    response
      .writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      .end(`${line('# service=git-upload-pack\n')}0000${lines.join('')}0000`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refs,
    asked,
    setDown: (value: boolean) => {
      down = value;
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

export interface Streamed {
  id?: string | undefined;
  event?: string | undefined;
  // What each test knows of it.
  // biome-ignore lint/suspicious/noExplicitAny: read, compared, never trusted
  data?: any;
}

/** The events of a stream as they come; ends with the stream. */
export async function* readStream(response: Response): AsyncGenerator<Streamed> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const part of response.body ?? []) {
    text += decoder.decode(part, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
      if (lines.has('data'))
        yield { id: lines.get('id'), event: lines.get('event'), data: JSON.parse(lines.get('data') ?? '') };
      else yield { event: 'comment' };
    }
  }
}
