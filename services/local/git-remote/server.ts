import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Reaper } from '../../core/execute/index.ts';
import type { Stoppable } from '../../core/runtime/index.ts';
import { authorize, type GitSecrets } from './authorize.ts';
import { BodyError, type BodyLimits } from './body.ts';
import type { Delivery } from './delivery.ts';
import { type Gate, HeldError } from './gate.ts';
import type { Movement } from './movement.ts';
import type { BareRepositories } from './repositories.ts';
import { parseRoute, type Route } from './route.ts';
import { createAdvertiser, exchange, readProtocol } from './service.ts';

export interface GitRemoteOptions {
  port: number;
  reaper: Reaper;
  repositories: BareRepositories;
  /** Of every git that it starts (hooks.ts). */
  env: Record<string, string>;
  secrets: GitSecrets;
  gate: Gate;
  delivery: Pick<Delivery, 'deliver'>;
  /** A push begins; what it returns is called, perhaps more than once, when the push has ended. */
  onPush(): () => void;
  /** @default 10 s of silence, 2 GiB */
  limits?: BodyLimits;
  onError(error: unknown): void;
}

/** A git remote over HTTP, on loopback only, that tells the api what each push has moved. */
export async function openGitRemote(options: GitRemoteOptions): Promise<Stoppable> {
  const limits = options.limits ?? { idleMs: 10_000, maxBytes: 2 * 2 ** 30 };
  const git = { reaper: options.reaper, env: options.env, limits };
  const advertise = createAdvertiser(git);
  const hosts = [`127.0.0.1:${options.port}`, `localhost:${options.port}`];
  const underWay = new Set<Promise<void>>();
  /** By connection: what to call when its push has ended. */
  const pushes = new WeakMap<Socket, () => void>();
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 0, connectionsCheckingInterval: 1000, maxHeaderSize: 16_384 },
    (request, response) => {
      const done = answer(request, response)
        .catch((error: unknown) => refuse(response, error, options.onError))
        .finally(() => underWay.delete(done));
      underWay.add(done);
    },
  );
  server.maxConnections = 128;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = parseRoute(request.method ?? '', request.url ?? '');
    if (route === undefined) return say(response, 404, 'expected http://…/<owner>/<name>.git, by git');
    const verdict = authorize(request.headers, route, hosts, options.secrets);
    if (!verdict.allowed) return say(response, verdict.status, verdict.why);
    const { repositories } = options;
    if (!(await repositories.has(route.repository))) {
      if (!verdict.mayCreate || route.service !== 'git-receive-pack')
        return say(response, 404, `there is no ${route.repository}; push to it, and there is`);
      await repositories.create(route.repository);
    }
    const path = repositories.toPath(route.repository);
    if (route.step === 'refs' && route.service === 'git-receive-pack') expectPush(request);
    if (route.step === 'refs') return advertise(route.service, path, readProtocol(request), response);
    if (route.service === 'git-upload-pack') return exchange(git, route.service, path, request, response);
    return receive(route, path, request, response);
  }

  /** Git asks what it may push, and pushes on the same connection; or it closes that, having nothing to push. */
  function expectPush({ socket }: IncomingMessage): void {
    if (pushes.has(socket)) return;
    const onEnd = options.onPush();
    pushes.set(socket, onEnd);
    socket.once('close', onEnd);
  }

  /** A push: from where it may move refs to where the api has heard of it. */
  async function receive(
    route: Route,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { gate, delivery } = options;
    const { repository } = route;
    let entered = false;
    let over = false;
    let delivered = false;
    const moved = async (movements: Movement[]): Promise<string[]> => {
      const texts: string[] = [];
      try {
        for (const movement of movements) texts.push(...(await delivery.deliver(repository, movement)));
        delivered = true;
      } catch (error) {
        options.onError(error);
        texts.push(
          'Bellows: accepted. The queue does not answer right now; the job is made as soon as it does.',
        );
      }
      return texts;
    };
    const enter = async (): Promise<string | undefined> => {
      try {
        await gate.enter(repository);
        if (over) gate.leave(repository, true);
        entered = true;
        return undefined;
      } catch (error) {
        if (error instanceof HeldError) return error.message;
        throw error;
      }
    };
    const onEnd = pushes.get(request.socket) ?? options.onPush();
    try {
      await exchange(git, route.service, path, request, response, { enter, moved });
    } finally {
      onEnd();
      over = true;
      // Let through, and never told of: a ref may have moved all the same.
      if (entered) gate.leave(repository, delivered);
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', () => resolve());
  });
  return {
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), 3000);
      await Promise.all(underWay);
      server.closeAllConnections();
      clearTimeout(timer);
      await closed;
    },
  };
}

/** Plain text: git shows it to the person, each line after `remote:`. */
function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    ...(status === 401 ? { 'www-authenticate': 'Basic realm="Bellows"' } : {}),
    // What is left of the body is not read.
    connection: 'close',
  });
  response.end(`${text}\n`);
}

function refuse(response: ServerResponse, error: unknown, onError: (error: unknown) => void): void {
  if (!(error instanceof BodyError)) onError(error);
  if (response.headersSent) response.destroy();
  else if (error instanceof BodyError) say(response, error.status, error.message);
  else say(response, 500, 'Bellows could not answer; its log says why');
}
