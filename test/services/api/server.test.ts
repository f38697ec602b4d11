import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { type ApiServer, openServer } from '../../../services/api/server.ts';
import { toSignature } from '../../../services/core/forge/index.ts';
import { openTestApi, type TestApi, webhookSecret } from '../../support/api.ts';
import { toRequest } from '../../support/job.ts';

let api: TestApi | undefined;
let server: ApiServer | undefined;
const answers = new Map<Socket, Promise<string>>();
afterEach(async () => {
  for (const socket of answers.keys()) socket.destroy();
  answers.clear();
  await server?.stop();
  await api?.close();
});

async function start(given = {}) {
  const opened = await openTestApi(given);
  api = opened;
  const timeouts = { headersTimeoutMs: 1000, requestTimeoutMs: 1500, checkMs: 50, graceMs: 100 };
  server = await openServer({ fetch: opened.app.fetch, host: '127.0.0.1', port: 0, ...timeouts });
  return { api: opened, port: server.port };
}

/** A socket of our own, so that we can be as rude as we like. What comes is kept from the first byte on. */
async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  answers.set(socket, collect(socket));
  return socket;
}
async function collect(socket: Socket): Promise<string> {
  let text = '';
  socket.on('error', () => undefined);
  socket.on('data', (part) => {
    text += part.toString();
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return text;
}
const readAll = async (socket: Socket) => answers.get(socket) ?? '';
const head = (rest: string) => `POST /webhooks/gitea HTTP/1.1\r\nHost: 127.0.0.1:7440\r\n${rest}\r\n`;

test('a body that does not come is 408, and so is a head; the others are answered meanwhile', async () => {
  const { port } = await start();
  const slowBody = await dial(port);
  slowBody.write(`${head('Content-Length: 100\r\n')}{`);
  const slowHead = await dial(port);
  slowHead.write('POST /webhooks/gitea HTTP/1.1\r\nHost:');
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  expect(await readAll(slowBody)).toMatch(/^HTTP\/1\.1 408 /);
  expect(await readAll(slowHead)).toMatch(/^HTTP\/1\.1 408 /);
});

test('a body of 50 MB is 413 at its first bytes, and the line is cut', async () => {
  const { api: opened, port } = await start();
  const socket = await dial(port);
  socket.write(head(`Content-Length: ${50 * 1024 * 1024}\r\nContent-Type: application/json\r\n`));
  socket.write(Buffer.alloc(64 * 1024));
  const answer = await readAll(socket);
  expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(await opened.keys()).toEqual([]);
});

test('a head over 16 KiB is 431', async () => {
  const { port } = await start();
  const socket = await dial(port);
  socket.write(head(`X-Long: ${'x'.repeat(17 * 1024)}\r\n`));
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 431 /);
});

test('a signature that is sent twice is refused, as it comes over the wire', async () => {
  const { port } = await start();
  const socket = await dial(port);
  const signature = toSignature(Buffer.from('{}'), webhookSecret);
  const line = `X-Gitea-Signature: ${signature}\r\n`;
  socket.write(
    `${head(`Connection: close\r\nContent-Length: 2\r\nX-Gitea-Event: push\r\n${line}${line}`)}{}`,
  );
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 401 /);
});

test('a foreign Host and a foreign Origin are 403, with the right credential too', async () => {
  const { api: opened, port } = await start();
  for (const rest of [
    'Host: evil.example',
    'Host: 127.0.0.1:7441',
    'Host: 127.0.0.1:7440\r\nOrigin: http://evil.example',
    'Host: 127.0.0.1:7440\r\nOrigin: null',
  ]) {
    const socket = await dial(port);
    const bearer = `Authorization: Bearer ${opened.tokens.admin}`;
    socket.write(`GET /api/v1/jobs HTTP/1.1\r\n${rest}\r\n${bearer}\r\nConnection: close\r\n\r\n`);
    expect([rest, (await readAll(socket)).slice(0, 12)]).toEqual([rest, 'HTTP/1.1 403']);
  }
  const socket = await dial(port);
  const own = `Host: localhost:7440\r\nOrigin: http://127.0.0.1:7440\r\nAuthorization: Bearer ${opened.tokens.admin}`;
  socket.write(`GET /api/v1/jobs HTTP/1.1\r\n${own}\r\nConnection: close\r\n\r\n`);
  expect(await readAll(socket)).toMatch(/^HTTP\/1\.1 200 /);
});

test('a reader that reads nothing costs a few chunks, and hanging up ends its stream', async () => {
  const { api: opened, port } = await start();
  await opened.queue.enqueue(toRequest());
  const { job, fence } = await opened.claim('flooder');
  const chunk = Buffer.alloc(64 * 1024, 'x');
  for (let n = 1; n <= 100; n++) await opened.queue.appendLog(job, fence, n, 'test', chunk);
  let read = 0;
  const { log } = opened.deps.follower;
  let ended: (() => void) | undefined;
  const end = new Promise<void>((resolve) => {
    ended = resolve;
  });
  opened.deps.follower.log = async function* (...args) {
    try {
      for await (const item of log(...args)) {
        read += 1;
        yield item;
      }
    } finally {
      ended?.();
    }
  };
  const socket = await dial(port);
  socket.pause();
  const bearer = `Authorization: Bearer ${opened.tokens.admin}`;
  socket.write(`GET /api/v1/jobs/${job}/log/stream HTTP/1.1\r\nHost: 127.0.0.1:7440\r\n${bearer}\r\n\r\n`);
  // The sockets' own buffers take some; what was read settles far below the whole.
  let before = -1;
  while (read === 0 || read !== before) {
    before = read;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(read).toBeLessThan(90);
  socket.destroy();
  await end;
  await opened.queue.complete(job, fence, { outcome: 'success' });
});

test('stopping answers what is held, ends what streams, and leaves nothing open', async () => {
  const stopping = new AbortController();
  const { api: opened, port } = await start({ stopping: stopping.signal });
  await opened.queue.enqueue(toRequest());
  const { job, token, fence } = await opened.claim('stopper');
  const ask = (path: string, method: string, bearer: string) =>
    new Promise<{ status: number; body: Promise<string> }>((resolve, reject) => {
      const headers = { host: '127.0.0.1:7440', authorization: `Bearer ${bearer}` };
      const sent = request({ port, host: '127.0.0.1', path, method, headers, agent: false }, (response) => {
        const body = response.setEncoding('utf8').reduce((text: string, part: string) => text + part, '');
        resolve({ status: response.statusCode ?? 0, body });
      });
      sent.on('error', reject);
      sent.end();
    });
  const stream = await ask('/api/v1/events', 'GET', opened.tokens.admin);
  const heard = Promise.withResolvers<void>();
  const { heartbeat } = opened.queue;
  opened.queue.heartbeat = async (...args) => {
    const answer = await heartbeat(...args);
    heard.resolve();
    return answer;
  };
  const held = ask(`/api/v1/agent/jobs/${job}/heartbeat?wait=10000`, 'POST', token);
  await heard.promise;
  stopping.abort();
  await server?.stop();
  expect(await (await held).body).toBe('{"answer":"ok"}');
  expect(await stream.body).toMatch(/^: \n\nretry: \d+\n\n$/);
  await opened.queue.complete(job, fence, { outcome: 'success' });
});

test('a connection that is kept open after its stream has ended does not hold up the end', async () => {
  const ending = new AbortController();
  const fetch = () =>
    new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(Buffer.from(': \n\n'));
          ending.signal.addEventListener('abort', () => controller.close());
        },
      }),
    );
  server = await openServer({ fetch, host: '127.0.0.1', port: 0 });
  const socket = await dial(server.port);
  socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await once(socket, 'data');
  const begun = performance.now();
  const stopped = server.stop();
  ending.abort();
  await stopped;
  expect(performance.now() - begun).toBeLessThan(2000);
});
