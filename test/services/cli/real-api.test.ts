import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { apiConfigSchema } from '../../../services/api/config.ts';
import { openApi } from '../../../services/api/open.ts';
import { createToken, readSecrets } from '../../../services/core/access/index.ts';
import { createTransport } from '../../../services/core/client/index.ts';
import {
  acceptedSchema,
  claimSchema,
  claimTokenSchema,
  completeAnswerSchema,
  jobAnswerSchema,
  jobPageSchema,
  logAnswerSchema,
  type Outcome,
} from '../../../services/core/job/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { startRedis, type TestRedis } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { type CliOptions, runCli } from './cli.ts';

/** The command line against the real api and a real Redis; only the agent's words are the test's. */

const launcher = createToken();
const repository = 'local/ada/engine';
const sha = 'ab'.repeat(20);

let folder: string;
let redis: TestRedis;
let api: Awaited<ReturnType<typeof openApi>>;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellows-test-cli-'));
  redis = await startRedis({ appendfsync: 'always' });
  const admin = createToken();
  for (const [name, secret] of Object.entries({
    'admin-token': admin,
    'launcher-token': launcher,
    'clone-key': createToken(),
  }))
    await writeFile(join(folder, name), secret, { mode: 0o600 });
  const url = `http://127.0.0.1:${await findFreePort()}`;
  api = await startApi(url);
  env = { BELLOWS_URL: url, BELLOWS_TOKEN: admin };
});
afterEach(async () => {
  await api.stop();
  await redis.stop();
  await rm(folder, { recursive: true });
});

async function startApi(url: string) {
  const config = apiConfigSchema.parse({
    BELLOWS_LISTEN: new URL(url).host,
    BELLOWS_PUBLIC_URL: url,
    BELLOWS_REDIS_URL: redis.url,
    BELLOWS_REDIS_USER: 'default',
    BELLOWS_SECRETS_DIR: folder,
    BELLOWS_LOCAL_ORIGIN: 'http://127.0.0.1:1',
  });
  return openApi({ config, secrets: await readSecrets(folder), log: createLog('api', 'silent') });
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

const cli = (words: string, options: CliOptions = {}) => runCli(words.split(' '), { env, ...options });
const json = async <T>(schema: z.ZodType<T>, words: string) =>
  schema.parse(JSON.parse((await cli(`${words} --json`)).stdout));

/** Claims the next job and says what a real agent would. */
async function runAgent(log: Uint8Array, outcome: Outcome): Promise<string> {
  const transport = createTransport({ url: env.BELLOWS_URL ?? '' });
  try {
    const v1 = '/api/v1';
    const { token } = await transport.call(`${v1}/claim-tokens`, claimTokenSchema, {
      method: 'POST',
      body: { pool: 'default' },
      token: launcher,
    });
    const claim = await transport.call(`${v1}/agent/claim`, claimSchema, {
      method: 'POST',
      body: { pool: 'default', agent: 'agent-1' },
      token,
    });
    const job = `${v1}/agent/jobs/${claim.job}`;
    const call = { method: 'POST', token: claim.token } as const;
    await transport.call(`${job}/steps`, z.undefined(), {
      ...call,
      body: { name: 'test', state: 'running' },
    });
    await transport.call(`${job}/log/1?step=test`, logAnswerSchema, { ...call, method: 'PUT', bytes: log });
    const { outcome: state, exitCode } = outcome;
    await transport.call(`${job}/steps`, z.undefined(), { ...call, body: { name: 'test', state, exitCode } });
    await transport.call(`${job}/complete`, completeAnswerSchema, { ...call, body: outcome });
    return claim.job;
  } finally {
    transport.close();
  }
}

test('a job is triggered, followed to its failure, looked at, retried and cancelled', async () => {
  expect(await cli(`repo add ${repository} --time-limit 10m`)).toMatchObject({ code: 0, stderr: '' });
  const { jobs } = await json(acceptedSchema, `trigger engine --ref topic --sha ${sha}`);
  const [id = ''] = jobs;
  expect((await json(jobPageSchema, 'jobs -s queued -b topic -r engine')).jobs).toMatchObject([
    { id, state: 'queued', spec: { sha, ref: 'refs/heads/topic', timeLimitMs: 600_000 } },
  ]);

  const bytes = Buffer.from([0x1b, 0x5b, 0x32, 0x4a, 0xff, 0x68, 0x69, 0x0a]);
  let seen = '';
  const followed = cli(`logs -f ${id}`, {
    onOutput: (printed) => {
      seen = printed;
    },
  });
  const reason = 'step "test" failed with exit code 3';
  expect(await runAgent(bytes, { outcome: 'failure', reason, exitCode: 3 })).toBe(id);
  expect(await followed).toMatchObject({
    code: 1,
    stderr: `bellows: job ${id.slice(0, 8)} ended with failure: ${reason}\n`,
  });
  expect(seen).toBe('\x1b[2J\ufffdhi\n');
  expect((await cli('logs')).bytes.equals(bytes)).toBe(true);

  const { job } = await json(jobAnswerSchema, `job ${id.slice(0, 10)}`);
  expect(job).toMatchObject({ state: 'failure', exitCode: 3, steps: [{ name: 'test', state: 'failure' }] });

  const again = await json(acceptedSchema, `retry ${id}`);
  expect(again.jobs).not.toContain(id);
  const waited = await cli(`cancel ${again.jobs[0]}`);
  expect(waited).toMatchObject({ code: 0, stdout: expect.stringContaining('has ended: cancelled') });
  expect(await cli(`cancel ${again.jobs[0]}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('already ended: cancelled'),
  });
  expect((await cli(`logs -f ${again.jobs[0]}`)).code).toBe(4);
});

test('an api that restarts does not end what is being followed', async () => {
  await cli(`repo add ${repository}`);
  const { jobs } = await json(acceptedSchema, `trigger ${repository} --sha ${sha}`);
  const followed = cli(`logs -f ${jobs[0]}`);
  await until(async () => (await json(jobPageSchema, 'jobs')).jobs.length === 1);
  await api.stop();
  api = await startApi(env.BELLOWS_URL ?? '');
  await runAgent(Buffer.from('hello\n'), { outcome: 'success' });
  expect(await followed).toMatchObject({ code: 0, stdout: 'hello\n' });
});

test('a repository is registered, changed and forgotten; its hook has a secret of its own', async () => {
  await cli(`repo add ${repository}`);
  await cli(`repo set engine --time-limit 90s --default-branch trunk`);
  expect((await cli('repo list')).stdout).toMatch(/^local\/ada\/engine {2}trunk +default {2}1m 30s$/m);
  await cli(`repo set engine --job-limit 50`);
  expect((await cli('repo show engine')).stdout).toMatch(/1m 30s +50$/m);
  expect((await cli('repo set engine --job-limit 0')).code).toBe(2);
  await cli(`repo set engine --jobs-per-hour 20`);
  expect((await cli('repo show engine')).stdout).toMatch(/1m 30s +50 +20$/m);
  const hook = await json(z.object({ url: z.url(), secret: z.string() }), 'repo hook engine');
  expect(hook.url).toMatch(new RegExp(`^${env.BELLOWS_URL}/webhooks/local/[\\w-]+$`));
  expect(hook.secret.length).toBeGreaterThanOrEqual(32);
  expect((await cli('repo remove engine')).code).toBe(0);
  expect(await cli(`repo show ${repository}`)).toMatchObject({
    code: 1,
    stderr: `bellows: ${repository} is not registered.\n`,
  });
  expect((await cli('repo add gitea/ada/engine')).stderr).toMatch(/set BELLOWS_GITEA_ORIGIN/);
});

test('the address that open prints shows the page, once', async () => {
  const url = (await cli('open')).stdout.trim();
  const first = await fetch(url, { redirect: 'manual' });
  const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect([first.status, cookie]).toEqual([303, expect.stringMatching(/=./)]);
  expect((await fetch(new URL('/', url), { headers: { cookie } })).status).toBe(200);
  expect((await fetch(url, { redirect: 'manual' })).headers.get('set-cookie')).toBeNull();
});

test('a wrong token is refused, and so is the launcher for what only a person may do', async () => {
  const wrong = await cli('jobs', { env: { ...env, BELLOWS_TOKEN: createToken() } });
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/set BELLOWS_TOKEN\n$/) });
  const other = await cli(`trigger ${repository}`, { env: { ...env, BELLOWS_TOKEN: launcher } });
  expect([other.code, other.stdout]).toEqual([1, '']);
});
