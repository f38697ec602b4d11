import { expect, test } from '@jest/globals';
import { Hono } from 'hono';
import { limitBody, toHosts } from '../../../services/api/door.ts';
import { Problem } from '../../../services/api/problem.ts';

test('on loopback its own names are answered; elsewhere only the public one', () => {
  const local = { host: '127.0.0.1', port: 7440 };
  expect(toHosts('http://127.0.0.1:7440', local)).toEqual(['127.0.0.1:7440', 'localhost:7440', '[::1]:7440']);
  expect(toHosts('https://ci.example.org', { host: '0.0.0.0', port: 7440 })).toEqual(['ci.example.org']);
});

test.each([
  { length: 10, status: 200, looks: 0 },
  { length: 11, status: 413, looks: 0 },
])('a body that says it has $length bytes is judged unseen: $status', async ({ length, status, looks }) => {
  let looked = 0;
  const request = new Request('http://127.0.0.1/', {
    method: 'POST',
    body: 'x'.repeat(length),
    headers: { 'content-length': String(length) },
  });
  // Whoever looks at it makes a stream of it, and of everything around it.
  Object.defineProperty(request, 'body', { get: () => looked++ });
  const app = new Hono().post('/', limitBody(10), (c) => c.text(''));
  app.onError((error, c) => c.text('', error instanceof Problem ? (error.status as 413) : 500));
  expect((await app.request(request)).status).toBe(status);
  expect(looked).toBe(looks);
});

test('a body that does not say how long it is, is counted', async () => {
  const app = new Hono().post('/', limitBody(10), async (c) => c.text(await c.req.text()));
  app.onError((error, c) => c.text('', error instanceof Problem ? (error.status as 413) : 500));
  const send = (body: string) => app.request('/', { method: 'POST', body });
  expect(await (await send('0123456789')).text()).toBe('0123456789');
  expect((await send('01234567890')).status).toBe(413);
});
