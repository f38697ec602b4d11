import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Agent, Job, JobState, Pool, QueueEntry, Repository } from '../../../services/core/job/index.ts';

export const token = 'token-of-the-test-0000000000000000000000000';
export const now = Date.UTC(2026, 0, 2, 12);

/** A number as a job id that no other number begins like. */
export function toJobId(number: number): string {
  return `${number.toString(16).padStart(4, '0')}${'0'.repeat(16)}`;
}

/** A job that ended well; a test says only what it is about. */
export function createJob(
  number: number,
  { spec, ...given }: Partial<Omit<Job, 'spec'>> & { spec?: Partial<Job['spec']> } = {},
): Job {
  return {
    id: toJobId(number),
    pipeline: toJobId(number),
    pool: 'default',
    state: 'success',
    cancelling: false,
    attempt: 1,
    fence: 1,
    createdAt: now - 180_000,
    startedAt: now - 170_000,
    finishedAt: now - 165_000,
    steps: [],
    ...given,
    spec: {
      repository: 'local/ada/engine',
      event: 'push',
      ref: 'refs/heads/main',
      branch: 'main',
      sha: '1a2b3c4d'.repeat(5),
      subject: 'Turn the crank',
      author: 'Ada',
      defaultBranch: 'main',
      timeLimitMs: 3_600_000,
      ...spec,
    },
  };
}

export function createRepository(id: string): Repository {
  const [forge, ...name] = id.split('/');
  return {
    id,
    forge: forge === 'gitea' || forge === 'github' ? forge : 'local',
    name: name.join('/'),
    defaultBranch: 'main',
    pool: 'default',
    timeLimitMs: 3_600_000,
  };
}

/** One message of a log stream. */
export function toChunk(id: string, text: string): string {
  return `id: ${id}\nevent: chunk\ndata: ${JSON.stringify({ step: 'test', text })}\n\n`;
}
export const end = 'event: end\ndata: {}\n\n';

/**
 * The api's wire format over real HTTP with nothing behind it, for answers that the real one gives only
 * with effort: broken lines, lost attempts, many pages.
 */
export async function startWireApi() {
  const jobs: Job[] = [];
  const repositories: Repository[] = [];
  const logs = new Map<string, Uint8Array>();
  /** What each connection to a job's log stream is sent before it closes. */
  const streams = new Map<string, string[]>();
  const agents: Agent[] = [];
  const pools: Pool[] = [];
  const queue: QueueEntry[] = [];
  const counts = { queued: 0, blocked: 0, waiting: 0, delayed: 0 };
  const requests: string[] = [];
  const bodies: unknown[] = [];
  const keys: (string | undefined)[] = [];
  /** What an audit of the queue finds, until it is repaired. */
  const wrong: string[] = [];

  const app = new Hono().basePath('/api/v1');
  const problem = (status: 401 | 404 | 409 | 503, detail: string) =>
    Response.json({ type: 'about:blank', title: 'Problem', status, detail }, { status });
  const find = (id: string) => jobs.find((job) => job.id === id);
  const accepted = (id: string) => ({
    answer: 'enqueued',
    pipeline: id,
    jobs: [id],
    page: `http://127.0.0.1/jobs/${id}`,
  });

  app.use(async (c, next) => {
    const from = c.req.header('last-event-id');
    const { pathname, search } = new URL(c.req.url);
    requests.push(
      `${c.req.method} ${pathname.slice(7)}${search}${from === undefined ? '' : ` from ${from}`}`,
    );
    keys.push(c.req.header('idempotency-key'));
    if (c.req.header('content-type') === 'application/json') bodies.push(await c.req.json());
    if (c.req.header('authorization') !== `Bearer ${token}`) return problem(401, 'Expected a token.');
    return next();
  });
  app.get('/jobs', (c) => {
    const { state, branch, repository, limit = '50', cursor = '0' } = c.req.query();
    const found = jobs.filter(
      (job) =>
        (state === undefined || job.state === (state as JobState)) &&
        (branch === undefined || job.spec.branch === branch) &&
        (repository === undefined || job.spec.repository === repository),
    );
    const last = Number(cursor) + Number(limit);
    const page = found.slice(Number(cursor), last).map((job) => ({ ...job, steps: [] }));
    return c.json({
      jobs: page,
      ...(last < found.length ? { next: String(last) } : {}),
      event: '7-0',
    });
  });
  app.post('/jobs', (c) => c.json(accepted(toJobId(99)), 202));
  app.get('/jobs/:id', (c) => {
    const job = find(c.req.param('id'));
    return job === undefined ? problem(404, 'There is no such job.') : c.json({ job, event: '7-0' });
  });
  app.post('/jobs/:id/cancel', (c) => {
    const job = find(c.req.param('id'));
    if (job === undefined || job.finishedAt !== undefined)
      return problem(409, 'The job has already ended: success.');
    return c.json({ job: { ...job, cancelling: true }, event: '8-0' });
  });
  app.post('/jobs/:id/retry', (c) => c.json(accepted(toJobId(99)), 202));
  app.post('/jobs/:id/requeue', (c) => {
    const job = find(c.req.param('id'));
    if (job?.state !== 'dead') return problem(409, 'Only a dead one goes back into the queue.');
    return c.json({ job: { ...job, state: 'queued' }, event: '8-0' });
  });
  app.get('/agents', (c) => c.json({ agents, total: agents.length }));
  app.get('/pools', (c) => c.json({ pools }));
  app.get('/queue', (c) => c.json({ jobs: queue, counts }));
  app.get('/pipelines/:id', (c) => {
    const id = c.req.param('id');
    const own = jobs.filter(({ pipeline }) => pipeline === id);
    if (own.length === 0) return problem(404, 'There is no such pipeline.');
    const view = { pipeline: id, outcome: 'failure', counts: { failure: 1, success: own.length - 1 } };
    return c.json({ ...view, jobs: own.map((job) => ({ job, needs: [] })), event: '7-0' });
  });
  app.get('/dead-letters', (c) =>
    c.json({ jobs: jobs.filter(({ state }) => state === 'dead'), event: '7-0' }),
  );
  app.get('/queue/audit', (c) => c.json({ lines: wrong }));
  app.post('/queue/repair', (c) => c.json({ lines: wrong.splice(0) }));
  app.post('/pipelines/:id/approve', (c) => c.json({ jobs: 2, about: 'pull request #4 of ada' }));
  app.post('/pipelines/:id/skip', (c) => c.json({ jobs: 1, about: 'pull request #4 of ada' }));
  app.post('/pipelines/:id/retry', (c) => {
    const again = jobs.filter(({ pipeline }) => pipeline === toJobId(98)).map(({ id }) => id);
    return c.json({ ...accepted(toJobId(98)), answer: 'dup', jobs: [c.req.param('id'), ...again] }, 202);
  });
  app.get('/jobs/:id/log', (c) => c.body(logs.get(c.req.param('id')) as Uint8Array<ArrayBuffer>));
  app.get('/jobs/:id/log/stream', (c) => {
    const text = streams.get(c.req.param('id'))?.shift();
    if (text === undefined) return problem(503, 'Nothing is ready.');
    return c.body(text, 200, { 'content-type': 'text/event-stream' });
  });
  app.post('/page-codes', (c) => c.json({ url: 'http://127.0.0.1:7440/jobs/x?code=once' }));
  app.get('/repositories', (c) => c.json({ repositories }));
  const path = '/repositories/:forge/:owner/:name';
  const toId = (params: Record<string, string>) => `${params.forge}/${params.owner}/${params.name}`;
  app.get(path, (c) => {
    const repository = repositories.find(({ id }) => id === toId(c.req.param()));
    return repository === undefined ? problem(404, 'It is not registered.') : c.json(repository);
  });
  app.put(path, async (c) => c.json(await c.req.json()));
  app.patch(path, async (c) =>
    c.json({ ...createRepository(toId(c.req.param())), ...(await c.req.json<object>()) }),
  );
  app.delete(path, (c) => c.body(null, 204));
  app.post(`${path}/hook`, (c) =>
    c.json({ url: 'http://127.0.0.1/webhooks/gitea/h1', secret: 'the-secret', events: ['push', 'release'] }),
  );

  const server = createServer(getRequestListener(app.fetch)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { BELLOWS_URL: url, BELLOWS_TOKEN: token },
    jobs,
    agents,
    pools,
    queue,
    repositories,
    logs,
    streams,
    requests,
    bodies,
    keys,
    wrong,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
export type WireApi = Awaited<ReturnType<typeof startWireApi>>;
