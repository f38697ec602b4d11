import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { runCli } from '../cli.ts';

let api: TestApi;
let server: Server;
let url: string;
let folder: string;
let env: Record<string, string>;
let answer: 'refused' | { actor: string; name: string; role: 'view' | 'trigger' | 'admin' };

const ada = { actor: 'user:gitea:7', name: 'ada', role: 'trigger' } as const;
const begun = () => Promise.reject(new Error('not asked here'));
beforeEach(async () => {
  answer = ada;
  let listener: ReturnType<typeof getRequestListener> | undefined;
  server = createServer((request, response) => void listener?.(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signIn = { name: 'gitea', begin: begun, finish: begun };
  api = await openTestApi({ hosts: [new URL(url).host], publicUrl: url, signIn });
  // Its person answers at once, so that nobody waits.
  const { deviceLogins } = api.deps;
  const { start } = deviceLogins;
  deviceLogins.start = async (request) => {
    const login = await start(request);
    if (login !== undefined) await deviceLogins.decide(login.userCode, answer);
    return login === undefined ? undefined : { ...login, intervalSeconds: 0.01 };
  };
  listener = getRequestListener(api.app.fetch);
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-login-'));
  env = { XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
  await api.close();
  await rm(folder, { recursive: true });
});

const cli = (words: string, given: Record<string, string> = {}) =>
  runCli(words.split(' '), { env: { ...env, ...given } });
const file = () => join(folder, 'bellows', 'logins.json');

test('login shows the code and where to confirm it, and from then on commands speak to that Bellows', async () => {
  const login = await cli(`login --url ${url}`);
  expect(login).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Signed in at .* role trigger, until 2/),
  });
  const [, code] = /confirm this code: {2}([A-Z]{4}-[A-Z]{4})\n/.exec(login.stderr) ?? [];
  expect(login.stderr).toContain(`${url}/device?user_code=${code}`);
  const me = await cli('whoami');
  expect(me.stdout).toMatch(`ada (user:gitea:7)\ntrigger at ${url}, until 2`);
  expect(JSON.parse((await cli('whoami --json')).stdout)).toMatchObject({
    actor: 'user:gitea:7',
    role: 'trigger',
  });
  expect((await cli('jobs')).code).toBe(0);
});

test('the token is nobody else’s to read, and is printed nowhere', async () => {
  const login = await cli(`login --url ${url}`);
  const [, token = ''] = /(bt_[\w-]{43})/.exec(await readFile(file(), 'utf8')) ?? [];
  expect(token).not.toBe('');
  expect((await stat(file())).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, 'bellows'))).mode & 0o077).toBe(0);
  expect(login.stdout + login.stderr).not.toContain(token);
});

test('logout revokes the token, and commands speak to this machine’s Bellows again', async () => {
  await cli(`login --url ${url} --role view`);
  const token = /bt_[\w-]{43}/.exec(await readFile(file(), 'utf8'))?.[0] ?? '';
  expect(await api.deps.apiTokens.find(token)).toBeDefined();
  expect(await cli('logout')).toMatchObject({ code: 0, stdout: `Signed out of ${url}.\n`, stderr: '' });
  expect(await api.deps.apiTokens.find(token)).toBeUndefined();
  expect(await readFile(file(), 'utf8')).not.toContain('bt_');
  expect((await cli('whoami')).stderr).toContain('Start it with ./bellows up');
  expect(await cli('logout')).toMatchObject({ code: 1, stderr: expect.stringContaining('not signed in') });
});

test('an api that is away is signed out of all the same, and it is said how long its token lives', async () => {
  await cli(`login --url ${url}`);
  const gone = 'http://127.0.0.1:1';
  const text = (await readFile(file(), 'utf8')).replaceAll(url, gone);
  await writeFile(file(), text);
  expect(await cli('logout')).toMatchObject({
    code: 0,
    stdout: `Signed out of ${gone}.\n`,
    stderr: expect.stringMatching(/good there until 2/),
  });
});

test('with several, BELLOWS_URL names one, and no token goes to another', async () => {
  await cli(`login --url ${url}`);
  expect((await cli('whoami', { BELLOWS_URL: url })).code).toBe(0);
  const other = await cli('whoami', { BELLOWS_URL: 'http://127.0.0.1:1' });
  expect(other).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('No token for http://127.0.0.1:1'),
  });
  const local = await cli('whoami', { BELLOWS_DATA: join(folder, 'data') });
  expect(local).toMatchObject({ code: 3, stderr: expect.stringContaining('./bellows up') });
});

test('who is refused is told so, and nothing is kept', async () => {
  answer = 'refused';
  expect(await cli(`login --url ${url}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('access_denied'),
  });
  await expect(stat(file())).rejects.toThrow('ENOENT');
});

test('no token is asked for over a line that others can read', async () => {
  expect(await cli('login --url http://ci.example.org')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('in the clear'),
  });
  const given = await cli('login', { BELLOWS_URL: 'http://ci.example.org', BELLOWS_TOKEN: 'x' });
  expect(given).toMatchObject({ code: 2, stderr: expect.stringContaining('in the clear') });
  expect((await cli('login --url ci.example.org')).code).toBe(2);
});

test('who is no admin is given the address of a page, without a code that would sign anybody in', async () => {
  await cli(`login --url ${url}`);
  expect(await cli('open')).toMatchObject({ code: 0, stdout: `${url}/\n` });
});

test('without a word login goes where commands go', async () => {
  await cli(`login --url ${url}`);
  expect((await cli('login')).stdout).toContain(url);
  expect((await cli('logout --url http://127.0.0.1:1')).code).toBe(1);
});
