import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import {
  type Agent,
  apply,
  isFound,
  type Job,
  type JobEvent,
  type LogText,
  type Pool,
  type QueueView,
} from '../../../services/core/job/index.ts';
import { createClaimedStep, createJob } from './jobs.ts';

/**
 * The api's wire format over real HTTP, without a queue behind it: jobs fold by the real `apply`, and a
 * test decides what happens to them.
 */
export async function startFakeApi() {
  const jobs = new Map<string, Job>();
  const events: { id: string; event: JobEvent }[] = [];
  const logs = new Map<string, { id: string; chunk: LogText }[]>();
  const ended = new Set<string>();
  const sockets = new Set<Socket>();
  const listeners = new Set<() => void>();
  const requests: string[] = [];
  let status: number | undefined;
  let forgotten = false;
  let pageSize = Infinity;
  const survey: { queue: QueueView; agents: Agent[]; pools: Pool[] } = {
    queue: { jobs: [], counts: { queued: 0, blocked: 0, waiting: 0, delayed: 0 } },
    agents: [],
    pools: [],
  };

  const last = () => events.at(-1)?.id ?? '0-0';
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const publish = (event: JobEvent) => {
    events.push({ id: `${events.length + 1}-0`, event });
    const job = apply(jobs.get(event.job), event);
    if (job !== undefined) jobs.set(event.job, job);
    changed();
  };
  const create = (job: Job) => publish({ type: 'created', job: job.id, at: job.createdAt, snapshot: job });

  /** Sends what there is beyond `sent`, now and whenever something changes. */
  const stream = (response: ServerResponse, next: () => string[]) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = () => {
      for (const text of next()) response.write(text);
    };
    response.write(':\n\n');
    listeners.add(send);
    response.on('close', () => listeners.delete(send));
    send();
  };
  const toText = (id: string, data: unknown, event?: string) =>
    `${event === undefined ? '' : `event: ${event}\n`}id: ${id}\ndata: ${JSON.stringify(data)}\n\n`;

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    const path = pathname.replace('/api/v1', '');
    const json = (code: number, body: unknown) =>
      void response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const from = request.headers['last-event-id'];
    requests.push(`${request.method} ${path}${from === undefined ? '' : ` from ${String(from)}`}`);
    if (status !== undefined)
      return json(status, { title: 'no', status, detail: `the fake answers ${status}` });
    const [, kind, id = '', action] = path.split('/');
    if (kind === 'pipelines' && (action === 'approve' || action === 'skip'))
      return json(200, { jobs: 1, about: '' });
    if (kind === 'pipelines')
      return json(202, { answer: 'enqueued', pipeline: id, jobs: [id], page: `http://fake/jobs/${id}` });
    const job = jobs.get(id);
    if (path === '/jobs') {
      const states = searchParams.getAll('state');
      const search = searchParams.get('search') ?? '';
      const found = [...jobs.values()]
        .sort((a, b) => b.createdAt - a.createdAt)
        .filter((one) => (states.length === 0 || states.includes(one.state)) && isFound(one, search));
      const begin = Number(searchParams.get('cursor') ?? 0);
      const page = found.slice(begin, begin + pageSize).map((one) => ({ ...one, steps: [] }));
      const next = begin + pageSize < found.length ? { next: String(begin + pageSize) } : {};
      return json(200, { jobs: page, ...next, event: last() });
    }
    if (path === '/queue') return json(200, survey.queue);
    if (path === '/agents') return json(200, { agents: survey.agents, total: survey.agents.length });
    if (path === '/pools') return json(200, { pools: survey.pools });
    if (path === '/events') {
      if (forgotten) {
        forgotten = false;
        return stream(response, () => ['event: reset\ndata: {}\n\n']);
      }
      let sent = Number.parseInt(String(from), 10);
      return stream(response, () => {
        const news = events.slice(sent);
        sent = events.length;
        return news.map(({ id: eventId, event }) => toText(eventId, event));
      });
    }
    if (job === undefined) return json(404, { title: 'not found', status: 404, detail: `no job ${id}` });
    if (action === undefined) return json(200, { job, event: last() });
    if (action === 'cancel') {
      publish({ type: 'cancelling', job: id, at: 5 });
      return json(200, { job: jobs.get(id), event: last() });
    }
    if (action === 'requeue') {
      publish({ type: 'queued', job: id, at: 5 });
      return json(200, { job: jobs.get(id), event: last() });
    }
    if (action === 'retry') {
      const again = createJob({
        number: jobs.size + 1,
        createdAt: job.createdAt + jobs.size,
        spec: { retryOf: id },
      });
      create(again);
      return json(202, {
        answer: 'enqueued',
        pipeline: again.id,
        jobs: [again.id],
        page: `http://fake/jobs/${again.id}`,
      });
    }
    const chunks = () => logs.get(id) ?? [];
    let sent = from === undefined ? 0 : chunks().findIndex((one) => one.id === from) + 1;
    let over = false;
    return stream(response, () => {
      const news = chunks()
        .slice(sent)
        .map((one) => toText(one.id, one.chunk, 'chunk'));
      sent = chunks().length;
      if (!ended.has(id) || over) return news;
      over = true;
      return [...news, 'event: end\ndata: {}\n\n'];
    });
  };

  const server = createServer(answer);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const listen = (port: number) =>
    new Promise<void>((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      drop();
    });

  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    survey,
    /** So many jobs are listed at once. */
    setPageSize: (size: number) => {
      pageSize = size;
    },
    create,
    publish,
    log: (id: string, text: string, step = 'test', fence = 1) => {
      const chunks = logs.get(id) ?? [];
      logs.set(id, [...chunks, { id: `${fence}-${chunks.length + 1}`, chunk: { step, text } }]);
      changed();
    },
    endLog: (id: string) => {
      ended.add(id);
      changed();
    },
    /** Claimed, with one running step. */
    run: (id: string, at: number) => {
      publish({ type: 'claimed', job: id, at, agent: 'agent-1', attempt: 1, fence: 1 });
      publish({ type: 'step', job: id, at, fence: 1, step: createClaimedStep(at) });
    },
    /** Answers everything with this status; undefined works again. */
    refuse: (code: number | undefined) => {
      status = code;
    },
    /** The next reader of events is told that its place is gone. */
    forget: () => {
      forgotten = true;
      drop();
    },
    /** Cuts every connection. */
    drop,
    /** Away, until `listen`. */
    close,
    listen: () => listen(port),
  };
}

export type FakeApi = Awaited<ReturnType<typeof startFakeApi>>;
