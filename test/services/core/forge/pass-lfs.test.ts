import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findLfs, openLfs } from '../../../../services/core/forge/index.ts';

const oid = 'a'.repeat(64);
const object = { oid, size: 4 };
const credentials = { username: 'x-access-token', password: 'ours' };

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { line: string; authorization: string | undefined; signed: unknown }[];
let server: ReturnType<typeof createServer>;
let port: number;
beforeEach(async () => {
  asked = [];
  server = createServer((request, response) => {
    const { method, url, headers } = request;
    asked.push({
      line: `${method} ${headers.host} ${url}`,
      authorization: headers.authorization,
      signed: headers['x-signed'],
    });
    answer(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const place = (forge: 'gitea' | 'github') => ({
  forge,
  origin: `http://localhost:${port}`,
  name: 'ada/bell',
  credentials,
  signal: new AbortController().signal,
  idleMs: 5000,
});
/** As GitHub: each object stands somewhere, for whoever has what is signed. */
const standsAt = (href: string, content = 'once') => {
  answer = (request, response) => {
    if (request.url?.endsWith('/batch') !== true)
      return void response.writeHead(200, { 'content-length': content.length }).end(content);
    const download = { href, header: { 'x-signed': 'by GitHub' }, expires_in: 3600 };
    response
      .writeHead(200)
      .end(JSON.stringify({ transfer: 'basic', objects: [{ ...object, actions: { download } }] }));
  };
};
const read = async () => {
  const parts: Buffer[] = [];
  for await (const part of await openLfs(place('github'), object)) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

test('GitHub is shown our credentials, and where it keeps a file only what it signed for that', async () => {
  standsAt(`http://media.localhost:${port}/o/1?x=y`);
  // Whatever that name resolves to here, it is below GitHub's own.
  const content = await read().catch((error: Error) => error.message);
  if (asked.length === 1) expect(content).toMatch(/^http:\/\/media\.localhost:\d+ does not answer/);
  standsAt(`http://localhost:${port}/o/1?x=y`);
  asked.length = 0;
  expect(await read()).toBe('once');
  expect(asked).toEqual([
    {
      line: `POST localhost:${port} /ada/bell.git/info/lfs/objects/batch`,
      authorization: `Basic ${Buffer.from('x-access-token:ours').toString('base64')}`,
      signed: undefined,
    },
    { line: `GET localhost:${port} /o/1?x=y`, authorization: undefined, signed: 'by GitHub' },
  ]);
});

test.each([
  'http://127.0.0.1:1/x',
  'http://169.254.169.254/latest/meta-data',
  'http://evil-localhost/x',
  'https://localhost/x',
  'file:///etc/passwd',
  'http://objects.githubusercontent.com/x',
  'no address',
])('a file that GitHub says is at %s is not asked for', async (href) => {
  standsAt(href);
  await expect(read()).rejects.toThrow('which is not its own');
  expect(asked).toHaveLength(1);
});

test('a file of another size, one that is not there and a redirect are refused, from either forge', async () => {
  const open = (forge: 'gitea' | 'github') => openLfs(place(forge), object);
  standsAt(`http://localhost:${port}/o/1`, 'more than once');
  await expect(open('github')).rejects.toThrow(`sends 14 bytes for ${oid} of ada/bell; expected 4`);
  await expect(open('gitea')).rejects.toThrow('expected 4');
  answer = (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
  await expect(open('gitea')).rejects.toThrow('answers 302');
  await expect(open('github')).rejects.toThrow('answers 302');
  answer = (_, response) => void response.writeHead(200).end(JSON.stringify({ objects: [] }));
  await expect(open('github')).rejects.toThrow(`has no ${oid}`);
  answer = (request) => void request.socket.destroy();
  await expect(open('gitea')).rejects.toThrow('does not answer');
});

test('of a file whose length nobody says, no more is read than it should have', async () => {
  answer = (_, response) => {
    response.write('on');
    response.end('ce');
  };
  const readAll = async (size: number) => {
    const parts: Buffer[] = [];
    for await (const part of await openLfs(place('gitea'), { oid, size })) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  };
  expect(await readAll(4)).toBe('once');
  await expect(readAll(3)).rejects.toThrow('more than the 3 bytes');
});

test('an answer that is no Git LFS, or has no end, is refused', async () => {
  const find = () => findLfs(place('gitea'), [object]);
  for (const body of ['{', '{"objects":7}', '{"transfer":"ssh","objects":[]}']) {
    answer = (_, response) => void response.writeHead(200).end(body);
    await expect(find()).rejects.toThrow('does not answer Git LFS as it should');
  }
  answer = (_, response) => {
    const part = Buffer.alloc(1024 * 1024, ' ');
    const more = () => void (response.destroyed || response.write(part, more));
    response.writeHead(200);
    more();
  };
  await expect(find()).rejects.toThrow('does not answer Git LFS as it should');
});

test('an object with an error, and one that is not answered, are missing', async () => {
  const error = { code: 410, message: 'gone'.repeat(100) };
  answer = (_, response) =>
    void response.writeHead(200).end(JSON.stringify({ objects: [{ ...object, error }] }));
  const other = { oid: 'b'.repeat(64), size: 1 };
  expect([...(await findLfs(place('gitea'), [object, other]))]).toEqual([
    [oid, { code: 410, message: error.message.slice(0, 200) }],
    [other.oid, { code: 404, message: 'not there' }],
  ]);
});
