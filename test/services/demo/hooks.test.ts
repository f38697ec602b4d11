import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { parseWebhook, verifySignature } from '../../../services/core/forge/index.ts';
import { createHooks, toDelivery } from '../../../services/demo/hooks.ts';

const movement = { repository: 'local/demo/x', ref: 'refs/heads/main', sha: 'a'.repeat(40) };
const secret = 's'.repeat(32);

let server: Server | undefined;
afterEach(() => new Promise((resolve) => server?.close(resolve)));

/** What arrived, and an answer to each. */
async function listen(answer: (headers: Headers, body: Buffer) => [status: number, body: string]) {
  server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const [status, body] = answer(new Headers(request.headersDistinct as never), Buffer.concat(parts));
      response.writeHead(status).end(body);
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/local`;
}

test('a delivery is what a forge would send: signed over its bytes, and readable as a push', async () => {
  const seen: unknown[] = [];
  const url = await listen((headers, body) => {
    seen.push(verifySignature(body, headers.get('x-gitea-signature') ?? undefined, [secret]));
    seen.push(parseWebhook('local', headers, body).event);
    return [202, JSON.stringify({ answer: 'enqueued' })];
  });
  const answer = await createHooks(url, secret).send(toDelivery(movement));
  expect(answer).toEqual({ status: 202, answer: 'enqueued' });
  expect(seen).toEqual([
    true,
    expect.objectContaining({ kind: 'push', repository: 'demo/x', ref: movement.ref, sha: movement.sha }),
  ]);
});

test('a forgery is sent as it is: another signature, or none', async () => {
  const seen: (string | null)[] = [];
  const url = await listen((headers) => {
    seen.push(headers.get('x-gitea-signature'));
    return [401, 'no'];
  });
  const hooks = createHooks(url, secret);
  expect(await hooks.sendWith(toDelivery(movement), 'ABC')).toEqual({ status: 401 });
  expect(await hooks.sendWith(toDelivery(movement), undefined)).toEqual({ status: 401 });
  expect(seen).toEqual(['ABC', null]);
});

test('an api that is away is an error, not an answer', async () => {
  const url = await listen(() => [500, '']);
  const hooks = createHooks(url, secret);
  await new Promise((resolve) => server?.close(resolve));
  await expect(hooks.send(toDelivery(movement))).rejects.toThrow('ECONNREFUSED');
});
