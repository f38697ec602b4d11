import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../../support/agent.ts';
import { until } from '../../../support/until.ts';
import { type CliOptions, runCli } from '../cli.ts';

let bench: AgentBench;
let env: Record<string, string>;
const id = 'gitea/ada/bell';
beforeAll(async () => {
  bench = await openAgentBench();
  env = { BELLOWS_URL: bench.url, BELLOWS_TOKEN: bench.api.tokens.admin };
  const { repositories } = bench.api.deps;
  await repositories.put({
    id,
    forge: 'gitea',
    name: 'ada/bell',
    defaultBranch: 'main',
    pool: 'default',
    timeLimitMs: 60_000,
  });
});
afterAll(() => bench.close());

const cli = (words: string[], options: CliOptions = {}) => runCli(['secret', ...words], { env, ...options });
const set = (name: string, value: string, ...more: string[]) =>
  cli(['set', 'bell', name, ...more], { stdin: Readable.from([Buffer.from(value)]) });
const kept = async (name: string) =>
  (await bench.api.deps.repositorySecrets?.open(id, [name]))?.get(name)?.value;

test('what is piped in becomes the value: one line without its break, several as they are', async () => {
  expect(await set('NPM_Token', 'hunter2\n')).toMatchObject({
    code: 0,
    stdout: `Set npm_token of ${id}, for push, tag, manual, cron, release, deployment.\n`,
    stderr: '',
  });
  await set('dos', 'hunter2\r\n');
  await set('key', '-----BEGIN\nabc\n');
  expect([await kept('npm_token'), await kept('dos'), await kept('key')]).toEqual([
    'hunter2',
    'hunter2',
    '-----BEGIN\nabc\n',
  ]);
});

test('what is typed at a terminal is not shown, and Ctrl-C sets nothing', async () => {
  const stdin = () => Object.assign(new PassThrough(), { isTTY: true });
  const typed = stdin();
  const setting = cli(['set', id, 'typed'], { stdin: typed, columns: 80 });
  typed.write('hunter3\r');
  const { stdout, stderr, code } = await setting;
  expect([code, stderr]).toEqual([0, 'Value of typed: \n']);
  expect(stdout + stderr).not.toContain('hunter3');
  expect(await kept('typed')).toBe('hunter3');

  const left = stdin();
  const leaving = cli(['set', id, 'left'], { stdin: left, columns: 80 });
  left.write('hun\x03');
  expect(await leaving).toMatchObject({ code: 4, stderr: expect.stringContaining('nothing was set') });
  expect(await kept('left')).toBeUndefined();
  await until(() => left.listenerCount('keypress') === 0);
});

test('secrets are listed without their values, and removed', async () => {
  await set('listed', 'hunter4', '--events', 'tag,manual');
  const table = await cli(['list', 'bell'], { now: Date.now() + 3_600_000 });
  expect(table.stdout).toMatch(/^NAME +EVENTS +AGE +BY\n/);
  expect(table.stdout).toMatch(/\nlisted +tag, manual +1h +admin-token\n/);
  const json = await cli(['list', 'bell', '--json']);
  expect(JSON.parse(json.stdout).secrets).toContainEqual({
    name: 'listed',
    events: ['tag', 'manual'],
    setBy: 'admin-token',
    setAt: expect.any(Number),
  });
  expect(table.stdout + json.stdout).not.toContain('hunter');
  expect(await cli(['remove', 'bell', 'LISTED'])).toMatchObject({
    code: 0,
    stdout: `Removed listed of ${id}.\n`,
  });
  expect(await cli(['remove', 'bell', 'listed'])).toMatchObject({ code: 1 });
});

test.each([
  [['set', 'bell', '1st'], 2, 'expected a name of letters'],
  [['set', 'bell', 'x', '--events', 'pull_request_closed'], 2, 'expected some of push, tag'],
  [['set', 'bell', 'x'], 2, 'the value is empty'],
])('%j is refused', async (words, code, line) => {
  expect(await cli(words)).toMatchObject({ code, stderr: expect.stringContaining(line) });
});
