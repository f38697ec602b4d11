import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';
import { runCli } from '../cli.ts';

let api: TestApi;
let server: Server;
let env: Record<string, string>;
beforeAll(async () => {
  let listener: ReturnType<typeof getRequestListener> | undefined;
  server = createServer((request, response) => void listener?.(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = await openTestApi({ hosts: [host] });
  await api.deps.repositories.put(repository);
  listener = getRequestListener(api.app.fetch);
  env = { BELLOWS_URL: `http://${host}`, BELLOWS_TOKEN: api.tokens.admin };
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  await api.close();
});

const cli = (words: string) => runCli(words.split(' '), { env });

test('a token is printed once, alone on stdout, and listed without itself until it is revoked', async () => {
  expect((await cli('token list')).stderr).toBe('No API tokens.\n');
  const created = await cli('token create deploy --role trigger -r forge-bell --days 30');
  expect(created).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^It is not shown again, and ends on 2/),
  });
  expect(created.stdout).toMatch(/^bt_[\w-]{43}\n$/);
  const token = created.stdout.trim();
  expect(await api.deps.apiTokens.find(token)).toBeDefined();
  const list = await cli('token list');
  expect(list.stdout).toMatch(/^deploy {2}trigger {2}gitea\/ada\/forge-bell {2}admin-token {2}2\S+ +2/m);
  expect(list.stdout).not.toContain(token);
  expect(await cli('token revoke deploy')).toMatchObject({ code: 0, stdout: 'Revoked deploy.\n' });
  expect(await api.deps.apiTokens.find(token)).toBeUndefined();
  expect(await cli('token revoke deploy')).toMatchObject({ code: 1, stdout: '' });
});

test('scripts get the api’s answers', async () => {
  const { token, ...shown } = JSON.parse((await cli('token create looker --role view --json')).stdout);
  expect(token).toMatch(/^bt_/);
  expect(JSON.parse((await cli('token list --json')).stdout)).toEqual({ tokens: [shown] });
});

test('a token without a role, of too long a life, or of an unknown repository is not made', async () => {
  for (const [words, code] of [
    ['token create a', 2],
    ['token create a --role root', 2],
    ['token create a --role view --days 366', 2],
    ['token create -a', 2],
    ['token create ../a --role view', 2],
    ['token create a --role view -r nothing', 1],
  ] as const)
    expect([words, (await cli(words)).code]).toEqual([words, code]);
  expect(await api.deps.apiTokens.get('a')).toBeUndefined();
});
