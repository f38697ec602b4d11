import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { verifySignature } from '../../../../services/core/forge/index.ts';
import { isFinal } from '../../../../services/core/job/index.ts';
import type { Movement } from '../../../../services/demo/ledger.ts';
import type { createAgents } from './agents.ts';
import type { Jobs } from './jobs.ts';
import type { Lie } from './lies.ts';

export interface ModelApiOptions {
  port: number;
  secret: string;
  jobs: Jobs;
  agents: ReturnType<typeof createAgents>;
  lies: ReadonlySet<Lie>;
  /** A ref of the git remote has moved. @returns the job's id */
  onMoved(movement: Movement): string;
}

/** The part of the api that the demo uses, over real HTTP. */
export function openModelApi({ port, secret, jobs, agents, lies, onMoved }: ModelApiOptions) {
  const page = 5;
  const origin = `http://127.0.0.1:${port}`;
  let replays = 0;

  const routes: [RegExp, (call: Call) => void][] = [
    [
      /^GET \/api\/v1\/jobs$/,
      ({ query, json }) => {
        const from = Number(query.get('cursor') ?? 0);
        const all = jobs.all();
        const next = from + page < all.length ? { next: String(from + page) } : {};
        json(200, { jobs: all.slice(from, from + page), event: jobs.last, ...next });
      },
    ],
    [
      /^GET \/api\/v1\/events$/,
      ({ request, response }) => {
        let last = String(request.headers['last-event-id']);
        const send = () => {
          for (const { id, event } of jobs.after(last)) {
            response.write(`id: ${id}\ndata: ${JSON.stringify(event)}\n\n`);
            last = id;
          }
        };
        stream(response, send);
      },
    ],
    [
      /^GET \/api\/v1\/jobs\/(\w+)\/log\/stream$/,
      ({ id, response }) => {
        let sent = 0;
        const send = () => {
          for (const chunk of agents.log(id).slice(sent))
            response.write(`event: chunk\nid: 1-${++sent}\ndata: ${JSON.stringify(chunk)}\n\n`);
          if (isFinal(jobs.get(id)?.state ?? 'queued')) response.end('event: end\ndata: {}\n\n');
        };
        stream(response, send);
      },
    ],
    [
      /^GET \/api\/v1\/jobs\/(\w+)\/log$/,
      ({ id, response }) =>
        response.end(
          agents
            .log(id)
            .map(({ text }) => text)
            .join(''),
        ),
    ],
    [
      /^POST \/api\/v1\/jobs\/(\w+)\/cancel$/,
      ({ id, json }) => {
        agents.cancel(id);
        json(200, { job: jobs.get(id), event: jobs.last });
      },
    ],
    [
      /^POST \/webhooks\/local$/,
      ({ request, body, json }) => {
        const signature = request.headers['x-gitea-signature'];
        const good = verifySignature(body, typeof signature === 'string' ? signature : undefined, [secret]);
        if (!good && !lies.has('takes forgeries')) return json(401, {});
        const {
          ref,
          after: sha,
          repository,
        } = JSON.parse(body.toString()) as {
          ref: string;
          after: string;
          repository: { full_name: string };
        };
        const salt =
          lies.has('runs replays') && repository.full_name.endsWith('hooked') ? `${replays++}` : '';
        const { answer, id } = jobs.accept({ repository: `local/${repository.full_name}`, ref, sha }, salt);
        json(202, { answer, pipeline: id, jobs: [id], page: `${origin}/jobs/${id}` });
      },
    ],
    [
      /^POST \/moved$/,
      ({ body, response }) => {
        const id = onMoved(JSON.parse(body.toString()) as Movement);
        response.end(`Model: ${origin}/jobs/${id}`);
      },
    ],
  ];

  function stream(response: ServerResponse, send: () => void): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    send();
    jobs.on('event', send);
    response.on('close', () => jobs.off('event', send));
  }

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { pathname, searchParams: query } = new URL(request.url ?? '/', origin);
    for (const [pattern, handle] of routes) {
      const found = pattern.exec(`${request.method} ${pathname}`);
      if (found === null) continue;
      const json = (status: number, value: unknown) => {
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
      };
      return handle({ request, response, query, json, id: found[1] ?? '', body: Buffer.concat(parts) });
    }
    response.writeHead(404).end();
  });
  return new Promise<() => void>((resolve) =>
    server.listen(port, '127.0.0.1', () =>
      resolve(() => {
        server.close();
        server.closeAllConnections();
      }),
    ),
  );
}

interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  query: URLSearchParams;
  id: string;
  body: Buffer;
  json(status: number, value: unknown): void;
}
