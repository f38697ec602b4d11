import { createServer } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { runCli } from './cli.ts';
import { startWireApi, token, type WireApi } from './wire-api.ts';

let api: WireApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const names = ['jobs', 'job', 'logs', 'cancel', 'retry', 'trigger', 'open', 'repo', 'completion'];

test('nothing, help and --help all show every command, its groups and the exit codes', async () => {
  const [nothing, ...others] = await Promise.all(
    [[], ['help'], ['--help'], ['-h']].map((words) => runCli(words)),
  );
  expect(nothing).toMatchObject({ code: 0, stderr: '' });
  for (const other of others) expect(other).toEqual(nothing);
  for (const name of [...names, 'up', 'tui', 'demo', 'test'])
    expect(nothing?.stdout).toMatch(new RegExp(`^  ${name} +[a-z]`, 'm'));
  expect(nothing?.stdout).toMatch(/^ {2}3 {2}no Bellows found/m);
});

test.each(names)('%s --help describes it and has examples; help says the same', async (name) => {
  const shown = await runCli([name, '--help']);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^Usage: bellows .*\nExamples:\n {2}\S/s);
  expect(await runCli(['help', name])).toEqual(shown);
});

test('a command of repo has its own help', async () => {
  const shown = await runCli(['help', 'repo', 'add']);
  expect(shown.stdout).toMatch(/^Usage: bellows repo add \[options\] <id>\n.*--time-limit <duration>/s);
});

test('--version prints just the version', async () => {
  expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: '1.2.3\n' });
});

test('a program of its own gets its words untouched, and every call for help', async () => {
  for (const name of ['up', 'tui', 'demo', 'test'])
    expect((await runCli([name, '--json', '--', '-x', ''])).became).toEqual([
      name,
      ['--json', '--', '-x', ''],
    ]);
  expect((await runCli(['up', '--help'])).became).toEqual(['up', ['--help']]);
  expect((await runCli(['help', 'up'])).became).toEqual(['up', ['--help']]);
});

test('a mistyped command or option is one line with the nearest, and a wrong command line', async () => {
  expect(await runCli(['jbos'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: "bellows: unknown command 'jbos'. Did you mean jobs? See --help.\n",
  });
  expect(await runCli(['jobs', '--jsn'])).toMatchObject({
    code: 2,
    stderr: "bellows: unknown option '--jsn'. Did you mean --json? See --help.\n",
  });
  expect(await runCli(['cancel'])).toMatchObject({
    code: 2,
    stderr: "bellows: missing required argument 'id'. See --help.\n",
  });
});

test('what a user types cannot control the terminal through an error', async () => {
  const { stderr } = await runCli(['jobs', '--\x1b]0;x\x07']);
  expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u);
});

test('no Bellows, and one that does not answer, exit with 3 and say how to start it', async () => {
  const none = await runCli(['jobs'], { env: { BELLOWS_DATA: '/nonexistent' } });
  expect(none.code).toBe(3);
  expect(none.stderr).toMatch(/^bellows: No Bellows found .*\.\/bellows up.*\n$/);

  api = await startWireApi();
  const { env } = api;
  await api.close();
  api = undefined;
  const away = await runCli(['jobs'], { env });
  expect(away.code).toBe(3);
  expect(away.stderr).toMatch(/^bellows: http:\/\/127\.0\.0\.1:\d+ does not answer: .*\.\/bellows up\n$/);
});

test('an answer of another version is one line', async () => {
  const server = createServer((_request, response) => response.end('{"jobs":[{"id":1}]}'));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  const { code, stderr } = await runCli(['jobs'], {
    env: { BELLOWS_URL: `http://127.0.0.1:${port}`, BELLOWS_TOKEN: token },
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^bellows: the api's answer was not understood \(is it of another version\?\): [^\n]*\n$/,
  );
});
