import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  beginDeviceSignIn,
  createTransport,
  type Transport,
  untilSignedIn,
} from '../../../../services/core/client/index.ts';

/** An api that answers what the test says, in order. */
let server: Server;
let transport: Transport;
const answers: [status: number, body: object][] = [];
const forms: Record<string, string>[] = [];
beforeEach(async () => {
  answers.length = 0;
  forms.length = 0;
  server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    expect(request.headers['content-type']).toBe('application/x-www-form-urlencoded');
    forms.push(Object.fromEntries(new URLSearchParams(text)));
    const [status, body] = answers.shift() ?? [500, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  transport = createTransport({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterEach(async () => {
  transport.close();
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

const asked = {
  device_code: 'the-device-code',
  user_code: 'BCDF-GHJK',
  verification_uri: 'https://ci.example.org/device',
  verification_uri_complete: 'https://ci.example.org/device?user_code=BCDF-GHJK',
  expires_in: 600,
  interval: 5,
};
const token = { access_token: 'bt_x', token_type: 'Bearer', expires_in: 60, scope: 'view' } as const;

test('it asks in the words of RFC 8628', async () => {
  answers.push([200, asked]);
  expect(await beginDeviceSignIn(transport, { device: 'ada@laptop', role: 'view' })).toEqual(asked);
  expect(forms).toEqual([{ client_id: 'bellows', device: 'ada@laptop', scope: 'view' }]);
});

test('it waits the interval, five seconds longer each time it is told to, and through outages', async () => {
  const pauses: number[] = [];
  const wait = async (ms: number) => void pauses.push(ms);
  answers.push([400, { error: 'authorization_pending' }], [400, { error: 'slow_down' }]);
  answers.push([503, { type: 'about:blank', title: 'Service Unavailable', status: 503 }]);
  answers.push([400, { error: 'authorization_pending' }], [200, token]);
  expect(await untilSignedIn(transport, asked, { wait })).toEqual(token);
  expect(pauses).toEqual([5000, 5000, 10_000, 10_000, 10_000]);
  expect(forms.at(-1)).toEqual({
    client_id: 'bellows',
    grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    device_code: asked.device_code,
  });
});

test('a refusal, and a code whose time is over, end the waiting', async () => {
  const wait = async () => undefined;
  for (const error of ['access_denied', 'expired_token', 'invalid_grant']) {
    answers.push([400, { error, error_description: 'in words' }]);
    const ended = untilSignedIn(transport, asked, { wait });
    await expect(ended).rejects.toMatchObject({ code: error, message: 'in words', status: 400 });
  }
});

test('an api that never comes back is given up when the code has ended', async () => {
  let pauses = 0;
  const wait = async () => void pauses++;
  await expect(untilSignedIn(transport, { ...asked, expires_in: 20 }, { wait })).rejects.toThrow('500');
  expect(pauses).toBe(6);
});
