import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { App } from 'cdk8s';
import { Redis } from '../../../charts/data/redis.ts';
import { secrets } from '../../../charts/places.ts';
import { platformSchema } from '../../../charts/platform.ts';
import { generateSecrets } from '../../../charts/secrets/program/generate.ts';
import type { SecretReference, SecretsApi } from '../../../charts/secrets/program/kubernetes.ts';
import { toRules } from '../../../charts/secrets/redis-rules.ts';
import { ticketsKey } from '../../../services/core/queue/keys.ts';
import { toRedisUsers } from '../../../services/local/redis/conf.ts';

const run = promisify(execFile);
const made = new Map<string, Readonly<Record<string, string>>>();
const { home } = platformSchema.parse({
  clusters: { home: { pools: { 'amd64-m': { arch: 'amd64', max: 1 } } } },
}).clusters;
if (home === undefined) throw new Error('no cluster');
// biome-ignore lint/suspicious/noExplicitAny: rendered objects, read as JSON
const objects: any[] = new Redis(new App(), home).toJson();
const pod = objects.find(({ kind }) => kind === 'StatefulSet').spec.template.spec;

let folder: string;
let socket: string;
let server: ChildProcess;

/** The very configuration and users of the cluster; only where it listens and writes is the test's own. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bellows-acl-'));
  socket = join(folder, 'redis.sock');
  const keep: SecretsApi = {
    read: async () => undefined,
    create: async ({ name }: SecretReference, data) => made.set(name, data).size > 0,
    add: async () => false,
  };
  let random = 0;
  await generateSecrets(
    keep,
    { ...secrets, ...toRules(home) },
    {
      text: () => `password-${++random}`,
      identity: () => 'none',
    },
  );
  const own: Record<string, string> = { port: '0', dir: folder, aclfile: join(folder, 'users.acl') };
  const files = objects.find(({ kind }) => kind === 'ConfigMap').data;
  const conf: string = files['redis.conf'];
  const ownConf = conf.replace(/^(port|dir|aclfile) .*$/gm, (_, name: string) => `${name} ${own[name]}`);
  writeFileSync(join(folder, 'redis.conf'), `${ownConf}unixsocket ${socket}\n`);
  writeFileSync(join(folder, 'users.acl'), made.get('bellows')?.['users.acl'] ?? '');
  const [shell, start, ...args]: string[] = pod.containers[0].command;
  expect([shell, start, ...args]).toEqual([
    'sh',
    '/etc/redis/start.sh',
    ...['redis-server', '/etc/redis/redis.conf', '/data', '/data/load.sock'],
  ]);
  writeFileSync(join(folder, 'start.sh'), files['start.sh']);
  const here = args.map((each) => each.replace(/^\/(etc\/redis|data)/, folder));
  server = spawn('sh', [join(folder, 'start.sh'), ...here], { stdio: ['ignore', 'pipe', 'inherit'] });
  if (server.stdout === null) throw new Error('no output');
  const lines: string[] = [];
  for await (const line of createInterface(server.stdout)) {
    lines.push(line);
    if (!line.includes('ready to accept')) continue;
    server.stdout.resume();
    return;
  }
  throw new Error(`redis-server ended: ${lines.join('\n')}`);
});

afterAll(async () => {
  if (server.exitCode === null) {
    const exited = once(server, 'exit');
    server.kill('SIGKILL');
    await exited;
  }
  rmSync(folder, { recursive: true });
});

async function ask(user: string, password: string, ...command: string[]): Promise<string> {
  const env = { ...process.env, REDISCLI_AUTH: password };
  const { stdout } = await run('redis-cli', ['-s', socket, '--user', user, ...command], { env });
  return stdout.trim();
}
const asApi = (...command: string[]) => ask('api', made.get('bellows')?.['redis-password'] ?? '', ...command);
const asKeda = (...command: string[]) => ask('keda', made.get('redis-keda')?.password ?? '', ...command);

test('nothing acknowledged can be lost, and nothing is evicted', async () => {
  const settings = [
    'appendonly',
    'appendfsync',
    'maxmemory-policy',
    'no-appendfsync-on-rewrite',
    'maxmemory',
  ];
  const seen = await Promise.all(
    settings.map(async (name) => (await asApi('CONFIG', 'GET', name)).split('\n')[1]),
  );
  expect(seen).toEqual(['yes', 'always', 'noeviction', 'no', String(Math.floor(512 * 2 ** 20 * 0.7))]);
});

test('KEDA learns how many tickets a pool has, and can do nothing else', async () => {
  await asApi('XADD', ticketsKey('amd64-m'), '*', 'job', '1');
  expect(await asKeda('XLEN', ticketsKey('amd64-m'))).toBe('1');
  const forbidden = [
    ['XLEN', 'ci:{q}:events'],
    ['XADD', ticketsKey('amd64-m'), '*', 'job', '2'],
    ['XRANGE', ticketsKey('amd64-m'), '-', '+'],
    ['DEL', ticketsKey('amd64-m')],
    ['GET', 'ci:{q}:seq'],
    ['INFO'],
    ['CONFIG', 'GET', 'appendonly'],
    ['EVAL', 'return 1', '0'],
    ['KEYS', '*'],
  ];
  const answers = await Promise.all(forbidden.map((command) => asKeda(...command)));
  expect(answers.filter((answer) => !answer.startsWith('NOPERM'))).toEqual([]);
});

test('the api has the queue to itself, and nothing of whoever runs Redis', async () => {
  expect(await asApi('SET', 'ci:{q}:seq', '1')).toBe('OK');
  const forbidden = [
    ['FLUSHALL'],
    ['CONFIG', 'SET', 'appendonly', 'no'],
    ['ACL', 'LIST'],
    ['SHUTDOWN'],
    ['REPLICAOF', 'example.org', '1'],
    ['SET', 'elsewhere', '1'],
  ];
  const answers = await Promise.all(forbidden.map((command) => asApi(...command)));
  expect(answers.filter((answer) => !answer.startsWith('NOPERM'))).toEqual([]);
});

test('strangers and wrong passwords learn nothing', async () => {
  const { stdout } = await run('redis-cli', ['-s', socket, 'PING']);
  expect(stdout).toMatch(/^NOAUTH/);
  expect(await ask('keda', 'wrong', 'PING')).toMatch(/^NOAUTH/);
});

test("the kubelet's question is answered without a secret, and that user can ask nothing else", async () => {
  const [shell, flag, script] = pod.containers[0].readinessProbe.exec.command;
  await run(shell, [flag, script.replace('redis-cli', `redis-cli -s ${socket}`)]);
  expect(await ask('probe', 'x', 'GET', 'ci:{q}:seq')).toMatch(/^NOPERM/);
  expect(await ask('probe', 'x', 'INFO')).toMatch(/^NOPERM/);
});

test('the api may do the same in a cluster as on one machine', () => {
  const [, , api = ''] = toRedisUsers('x').match(/user api on #([0-9a-f]+) (.*)/) ?? [];
  expect(api).toBe(toRules(home).rules.api);
});
