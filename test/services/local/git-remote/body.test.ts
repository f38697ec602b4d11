import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from '@jest/globals';
import { BodyError, passBody } from '../../../../services/local/git-remote/body.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Sends a request, and says what its body became. */
async function receive(headers: Record<string, string>, send: (to: ReturnType<typeof request>) => void) {
  const limits = { idleMs: 200, maxBytes: 10_000 };
  const seen = new Promise<{ text: string; error: unknown }>((resolve) => {
    server = createServer((incoming) => {
      const to = new PassThrough();
      const parts: Buffer[] = [];
      to.on('data', (part: Buffer) => parts.push(part));
      passBody(incoming, to, limits).then(
        async () => {
          if (!to.readableEnded) await once(to, 'end');
          resolve({ text: Buffer.concat(parts).toString(), error: undefined });
        },
        (error: unknown) => resolve({ text: Buffer.concat(parts).toString(), error }),
      );
    });
  });
  server?.listen(0, '127.0.0.1');
  if (server !== undefined) await once(server, 'listening');
  const address = server?.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = request({ port, host: '127.0.0.1', method: 'POST', headers });
  client.on('error', () => undefined);
  send(client);
  const answer = await seen;
  client.destroy();
  return answer;
}

const status = ({ error }: { error: unknown }) => (error instanceof BodyError ? error.status : error);

test('bytes arrive as they were sent', async () => {
  expect(await receive({}, (to) => to.end('abc'))).toEqual({ text: 'abc', error: undefined });
});

test('a gzipped body arrives unpacked', async () => {
  expect((await receive({ 'content-encoding': 'gzip' }, (to) => to.end(gzipSync('abc')))).text).toBe('abc');
});

test('a body that says it is too large is refused before a byte of it', async () => {
  expect(status(await receive({ 'content-length': '10001' }, (to) => to.flushHeaders()))).toBe(413);
});

test('a body that turns out too large is refused', async () => {
  expect(status(await receive({}, (to) => to.end(Buffer.alloc(10_001))))).toBe(413);
});

test('a gzip bomb is refused by what it becomes', async () => {
  const bomb = gzipSync(Buffer.alloc(5_000_000));
  expect(bomb.length).toBeLessThan(10_000);
  expect(status(await receive({ 'content-encoding': 'gzip' }, (to) => to.end(bomb)))).toBe(413);
});

test('another encoding is refused', async () => {
  expect(status(await receive({ 'content-encoding': 'br' }, (to) => to.end('x')))).toBe(400);
});

test('a client that falls silent is cut off', async () => {
  expect(status(await receive({}, (to) => to.write('abc')))).toBe(408);
});
