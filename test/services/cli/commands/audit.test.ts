import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { formatHead } from '../../../../services/core/audit/index.ts';
import { openTestApi, type TestApi } from '../../../support/api.ts';
import { runCli } from '../cli.ts';

let api: TestApi;
let server: Server;
let data: string;
let env: Record<string, string>;
beforeEach(async () => {
  let listener: ReturnType<typeof getRequestListener> | undefined;
  server = createServer((request, response) => void listener?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = await openTestApi({ hosts: [host] });
  listener = getRequestListener(api.app.fetch);
  data = await mkdtemp(join(tmpdir(), 'bellows-test-audit-'));
  await writeFile(
    join(data, 'client.json'),
    JSON.stringify({ api: `http://${host}`, token: api.tokens.admin }),
  );
  env = { BELLOWS_DATA: data };
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await api.close();
  await rm(data, { recursive: true });
});

const cli = (...words: string[]) => runCli(['audit', ...words], { env });
const write = async (count: number) => {
  for (let i = 0; i < count; i++)
    await api.deps.audit.append({
      event: 'begun',
      actor: 'token:ci',
      action: 'POST /x',
      target: `/${i}\x1b]0;x\x07`,
    });
};

test('records are listed newest first, and nothing in them reaches the terminal as more than text', async () => {
  expect(await cli('list')).toMatchObject({ code: 0, stdout: '', stderr: 'No records.\n' });
  await write(3);
  const { stdout } = await cli('list', '-n', '2');
  expect(stdout.split('\n').map((line) => line.split(/\s+/)[0])).toEqual(['N', '3', '2', '']);
  expect(stdout).toContain('token:ci');
  expect(stdout).not.toContain('\x1b');
  const json = (await cli('list', '--json')).stdout.trim().split('\n');
  expect(json.map((line) => JSON.parse(line).n)).toEqual([3, 2, 1]);
});

test('a list longer than a page is whole', async () => {
  await write(620);
  const lines = (await cli('list', '--json', '-n', '610')).stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).n)).toEqual(Array.from({ length: 610 }, (_, i) => 620 - i));
  expect((await cli('verify')).stdout).toContain('The audit log is whole: 620 records');
});

test('verify agrees with the heads of this machine, and says the first place that is broken', async () => {
  await write(5);
  await writeFile(join(data, 'audit-heads'), formatHead(new Date(0), await api.deps.audit.head()));
  const { code, stdout } = await cli('verify', '--json');
  expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, records: 5, heads: 1 }]);
  await api.commands.xdel('access:{audit}', '4-0');
  expect(await cli('verify')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'bellows: the audit log is broken at record 4: it is missing; the next record is 5\n',
  });
});

test('an end that was cut off, with the head that Redis keeps, is told by a head kept elsewhere', async () => {
  await write(5);
  const heads = join(data, 'heads.txt');
  await writeFile(heads, formatHead(new Date(0), await api.deps.audit.head()));
  await api.commands.flushall();
  await write(2);
  expect((await cli('verify')).code).toBe(0);
  expect(await cli('verify', '--heads', heads)).toMatchObject({
    code: 1,
    stderr: 'bellows: the audit log is broken at record 3: the log ends at 2, but its head was 5 once\n',
  });
  await writeFile(heads, 'no head\n');
  expect((await cli('verify', '--heads', heads)).stderr).toContain('"no head" is no head');
});

test('a record that is none is shown as such', async () => {
  await api.commands.xadd('access:{audit}', '1-0', 'text', 'forged', 'hash', 'x');
  expect((await cli('list')).stdout).toContain('no record: bellows audit verify');
  expect((await cli('list', '-n', '0')).code).toBe(2);
});
