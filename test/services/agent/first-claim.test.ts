import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { sendFirstClaim } from '../../../services/agent/first-claim.ts';

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function open(listener: RequestListener): Promise<Record<string, string>> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { BELLOWS_URL: `http://127.0.0.1:${port}`, BELLOWS_POOL: 'default', BELLOWS_AGENT: 'agent-1' };
}

test('asks as every claim does, with the token that comes', async () => {
  const env = await open((request, response) => {
    const { method, url, headers } = request;
    request.on('data', (body: Buffer) => {
      const heard = { method, url, token: headers.authorization, body: JSON.parse(body.toString()) };
      response.end(JSON.stringify(heard));
    });
  });
  const { sent, answer } = sendFirstClaim(env, Promise.resolve('secret'));
  await sent;
  expect(await answer).toEqual({
    method: 'POST',
    url: '/api/v1/agent/claim',
    token: 'Bearer secret',
    body: { pool: 'default', agent: 'agent-1' },
  });
});

test('nothing is sent without a token', async () => {
  let requests = 0;
  const env = await open((_, response) => {
    requests += 1;
    response.end('{}');
  });
  const none = sendFirstClaim(env, Promise.resolve(undefined));
  const unread = sendFirstClaim(env, Promise.reject(new Error('a broken pipe')));
  for (const { sent, answer } of [none, unread]) {
    await sent;
    expect(await answer).toBeUndefined();
  }
  expect(requests).toBe(0);
});

test.each<[string, RequestListener]>([
  ['no job', (_, response) => response.writeHead(204).end()],
  ['a refusal', (_, response) => response.writeHead(401).end('{}')],
  [
    'half an answer',
    (_, response) => response.writeHead(200, { 'content-length': 9 }).write('{', () => response.destroy()),
  ],
  ['an answer that has no end', (_, response) => response.end(Buffer.alloc(1 << 20, ' '))],
  ['a reset', (request) => request.destroy()],
])('%s is no claim', async (_, listener) => {
  const { sent, answer } = sendFirstClaim(await open(listener), Promise.resolve('secret'));
  await sent;
  expect(await answer).toBeUndefined();
});

test.each([{}, { BELLOWS_URL: 'nonsense' }, { BELLOWS_URL: 'http://127.0.0.1:1' }])(
  'settings %j keep nobody waiting',
  async (env) => {
    const { sent, answer } = sendFirstClaim(env, Promise.resolve('secret'));
    await sent;
    expect(await answer).toBeUndefined();
  },
);
