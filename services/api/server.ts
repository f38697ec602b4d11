import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface ServerOptions {
  fetch(request: Request): Response | Promise<Response>;
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** For the head of a request. @default 10000 */
  headersTimeoutMs?: number;
  /** For a whole request, its body included. @default 30000 */
  requestTimeoutMs?: number;
  /** How often the two are looked at. @default 1000 */
  checkMs?: number;
  /** For answers that are under way when it stops. @default 5000 */
  graceMs?: number;
}

export interface ApiServer {
  port: number;
  stop(): Promise<void>;
}

/** Who is slow is answered 408 and let go, so that a few sockets cannot hold them all. */
export async function openServer(options: ServerOptions): Promise<ApiServer> {
  const { fetch, host, port, headersTimeoutMs = 10_000, requestTimeoutMs = 30_000 } = options;
  const server = createAdaptorServer({
    fetch,
    createServer,
    serverOptions: {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Node looks every 30 s by default, and answers that late.
      connectionsCheckingInterval: options.checkMs ?? 1000,
      maxHeaderSize: 16 * 1024,
    },
  }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  let stopping: Promise<void> | undefined;
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      stopping ??= stop(server, options.graceMs ?? 5000);
      return stopping;
    },
  };
}

async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  // A browser keeps the connection of a stream that has ended, and Node lets it, for 5 s.
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(idle);
  clearTimeout(timer);
}
