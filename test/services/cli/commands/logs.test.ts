import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';
import { createJob, end, startWireApi, toChunk, toJobId, type WireApi } from '../wire-api.ts';

let api: WireApi;
beforeEach(async () => {
  api = await startWireApi();
});
afterEach(() => api.close());

const hostile = Buffer.from([0x1b, 0x5d, 0x30, 0x3b, 0x78, 0x07, 0xff, 0x00, 0x0d, 0x68, 0x69, 0x0a]);
const id = toJobId(1);

test('a pipe gets the exact bytes, a terminal nothing that it would obey', async () => {
  api.jobs.push(createJob(1));
  api.logs.set(id, hostile);
  const piped = await runCli(['logs'], { env: api.env });
  expect(piped).toMatchObject({ code: 0, stderr: '' });
  expect(piped.bytes.equals(hostile)).toBe(true);
  const shown = await runCli(['logs'], { env: { ...api.env, LANG: 'C.UTF-8' }, columns: 80 });
  expect(shown.stdout).toMatch(/hi\n$/);
  expect(shown.stdout).not.toMatch(/(?!\n)\p{Cc}/u);
  const ascii = await runCli(['logs'], { env: api.env, columns: 80 });
  expect(ascii.stdout).toMatch(/^[\x20-\x7e]+hi\n$/);
});

test('a job without a log says its state, on stderr', async () => {
  api.jobs.push(createJob(1, { state: 'queued' }));
  api.logs.set(id, Buffer.alloc(0));
  expect(await runCli(['logs', id], { env: api.env })).toMatchObject({
    code: 0,
    stdout: '',
    stderr: 'Job 00010000 has no log: it is queued.\n',
  });
});

test('a followed log goes on where the line broke, and ends with the job', async () => {
  api.jobs.push(createJob(1));
  api.streams.set(id, [toChunk('1-1', 'one\n') + toChunk('1-2', 'two\n'), toChunk('1-3', 'three\n') + end]);
  const { code, stdout, stderr } = await runCli(['logs', '-f', id], { env: api.env });
  expect([code, stdout]).toEqual([0, 'one\ntwo\nthree\n']);
  expect(stderr).toBe('bellows: the api is away; trying again for a minute\n');
  expect(api.requests.filter((line) => line.includes('stream'))).toEqual([
    `GET /jobs/${id}/log/stream`,
    `GET /jobs/${id}/log/stream from 1-2`,
  ]);
});

test('another attempt is announced, and its log printed from the beginning', async () => {
  api.jobs.push(createJob(1));
  api.streams.set(id, [toChunk('1-1', 'half\n') + toChunk('3-1', 'whole\n') + end]);
  const { stdout, stderr } = await runCli(['logs', '-f', id], { env: api.env });
  expect(stdout).toBe('half\nwhole\n');
  expect(stderr).toBe('bellows: job 00010000 runs again; its log begins anew\n');
});

test.each([
  ['success', 0],
  ['skipped', 0],
  ['failure', 1],
  ['timeout', 1],
  ['cancelled', 4],
  ['dead', 4],
] as const)('following a job that ends with %s exits with %i', async (state, exitCode) => {
  api.jobs.push(createJob(1, { state, reason: 'because\x1b[2J' }));
  api.streams.set(id, [end]);
  const { code, stderr } = await runCli(['logs', '-f', id], { env: api.env });
  expect(code).toBe(exitCode);
  expect(stderr).toBe(exitCode === 0 ? '' : `bellows: job 00010000 ended with ${state}: because␛[2J\n`);
});

test('what the api refuses is not asked again', async () => {
  const { code, stderr } = await runCli(['logs', toJobId(7)], {
    env: { ...api.env, BELLOWS_TOKEN: 'wrong' },
  });
  expect([code, stderr]).toEqual([
    1,
    'bellows: Expected a token. The token is not accepted: run ./bellows up anew, sign in with ./bellows login, or set BELLOWS_TOKEN\n',
  ]);
  const followed = await runCli(['logs', '-f', toJobId(7)], {
    env: { ...api.env, BELLOWS_TOKEN: 'wrong' },
  });
  expect(followed.code).toBe(1);
  expect(api.requests.filter((line) => line.includes('stream'))).toHaveLength(1);
});

test('an api that stays away is given up after a minute', async () => {
  api.jobs.push(createJob(1));
  let hours = 0;
  const { code, stderr } = await runCli(['logs', '-f', id], {
    env: api.env,
    get now() {
      return ++hours * 3_600_000;
    },
  });
  expect([code, stderr]).toEqual([1, 'bellows: Nothing is ready. Try again in a moment\n']);
});
