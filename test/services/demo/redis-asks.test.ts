import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readAsks } from '../../../services/demo/redis-asks.ts';

let folder: string;
let redis: ChildProcess;
const at = (user: string) => ({ socket: join(folder, 'r.sock'), user, password: 'p' });

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-asks-'));
  const users = 'user api on >p ~* +@all\nuser blind on >p ~* +@all -info\n';
  writeFileSync(
    join(folder, 'redis.conf'),
    `port 0\nunixsocket ${join(folder, 'r.sock')}\nsave ""\n${users}`,
  );
  redis = spawn('redis-server', [join(folder, 'redis.conf')], { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const part of redis.stdout ?? []) if (String(part).includes('eady to accept')) break;
});
afterAll(async () => {
  redis.kill();
  if (redis.exitCode === null) await once(redis, 'exit');
  rmSync(folder, { recursive: true });
});

test('a reading counts twice: its question, and the end of its connection', async () => {
  const first = await readAsks(at('api'));
  expect((await readAsks(at('api'))) - first).toBe(2);
});

test('a script is one question, however many commands it holds', async () => {
  const first = await readAsks(at('api'));
  const script = "for i = 1, 100 do redis.call('incr', 'x') end";
  const args = [
    '-s',
    at('api').socket,
    '--user',
    'api',
    '--pass',
    'p',
    '--no-auth-warning',
    'eval',
    script,
    '0',
  ];
  execFileSync('redis-cli', args);
  expect((await readAsks(at('api'))) - first).toBeLessThan(10);
});

test('a refusal is said in the words of Redis, and nobody there is an error', async () => {
  await expect(readAsks({ ...at('api'), password: 'wrong' })).rejects.toThrow('WRONGPASS');
  await expect(readAsks(at('blind'))).rejects.toThrow('NOPERM');
  await expect(readAsks({ ...at('api'), socket: join(folder, 'nobody.sock') })).rejects.toThrow('ENOENT');
});

test('a Redis that counts no reads is not taken for an idle one', async () => {
  const socket = join(folder, 'old.sock');
  const old = createServer((client) => client.once('data', () => client.end('+OK\r\n$5\r\nhello\r\n')));
  await new Promise<void>((resolve) => old.listen(socket, resolve));
  await expect(readAsks({ ...at('api'), socket })).rejects.toThrow('does not count reads: hello');
  await new Promise((resolve) => old.close(resolve));
});
