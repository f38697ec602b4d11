import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';
import { createRepository, startWireApi, type WireApi } from '../wire-api.ts';

let api: WireApi;
beforeEach(async () => {
  api = await startWireApi();
});
afterEach(() => api.close());

const cli = (...words: string[]) => runCli(['repo', ...words], { env: api.env });

test('repositories are listed with their settings', async () => {
  expect(await cli('list')).toMatchObject({ code: 0, stdout: '', stderr: 'No repositories.\n' });
  api.repositories.push(createRepository('local/ada/engine'));
  const table = [
    'REPOSITORY        DEFAULT BRANCH  POOL     TIME LIMIT',
    'local/ada/engine  main            default  1h 00m',
    '',
  ].join('\n');
  expect((await cli('list')).stdout).toBe(table);
  expect((await cli('show', 'engine')).stdout).toBe(table);
  expect(JSON.parse((await cli('list', '--json')).stdout)).toEqual({ repositories: api.repositories });
});

test('add registers with what is usual, and names the next step for a forge', async () => {
  const { code, stdout, stderr } = await cli('add', 'gitea/ada/engine', '--time-limit', '1h30m', '--json');
  expect([code, stderr]).toEqual([0, '']);
  const repository = { ...createRepository('gitea/ada/engine'), timeLimitMs: 5_400_000 };
  expect(JSON.parse(stdout)).toEqual(repository);
  expect(api.bodies).toEqual([repository]);
  expect((await cli('add', 'gitea/ada/other')).stderr).toBe(
    'Next: ./bellows repo hook gitea/ada/other prints what its forge must know.\n',
  );
});

test('add never undoes the settings of a known repository', async () => {
  api.repositories.push(createRepository('local/ada/engine'));
  expect(await cli('add', 'local/ada/engine')).toMatchObject({
    code: 1,
    stderr:
      'bellows: local/ada/engine is registered already: ./bellows repo set local/ada/engine changes its settings\n',
  });
  expect(api.requests).toEqual(['GET /repositories']);
});

test('set changes just what is given', async () => {
  const { code } = await cli('set', 'local/ada/engine', '--default-branch', 'trunk', '--pool', 'big');
  expect(code).toBe(0);
  await cli('set', 'local/ada/engine', '--time-limit', '90s');
  expect(api.bodies).toEqual([{ defaultBranch: 'trunk', pool: 'big' }, { timeLimitMs: 90_000 }]);
  expect(await cli('set', 'local/ada/engine')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('nothing to set: give at least one of'),
  });
});

test('who is trusted and who approves are numbers of the forge, and all may be said again', async () => {
  await cli(
    'set',
    'gitea/ada/engine',
    '--approval',
    'pull_requests',
    '--trusted',
    '3,12',
    '--approvers',
    'none',
  );
  await cli('set', 'gitea/ada/engine', '--trusted', 'none', '--approvers', 'all');
  await cli('set', 'gitea/ada/engine', '--cancel-previous', 'push,pull_request');
  await cli('set', 'gitea/ada/engine', '--cancel-previous', 'none');
  await cli('set', 'gitea/ada/engine', '--reads', 'gitea/ada/lib,gitea/ada/data');
  expect((await cli('set', 'gitea/ada/engine', '--reads', 'lib')).code).toBe(2);
  await cli('set', 'gitea/ada/engine', '--events', 'release');
  expect((await cli('set', 'gitea/ada/engine', '--events', 'push')).code).toBe(2);
  await cli('set', 'gitea/ada/engine', '--trusted-with', 'volumes');
  expect(api.bodies).toEqual([
    { approval: 'pull_requests', trusted: [3, 12], approvers: [] },
    { trusted: [], approvers: null },
    { cancelPrevious: ['push', 'pull_request'] },
    { cancelPrevious: [] },
    { reads: ['gitea/ada/lib', 'gitea/ada/data'] },
    { events: ['release'] },
    { trustedWith: ['volumes'] },
  ]);
  api.repositories.push({ ...createRepository('gitea/ada/engine'), trusted: [3, 12], approvers: [] });
  const { stdout } = await cli('show', 'engine');
  expect(stdout.split('\n').map((line) => line.split(/ {2,}/).slice(4))).toEqual([
    ['TRUSTED', 'APPROVERS'],
    ['3, 12', 'admins'],
    [],
  ]);
});

test('a secret is alone with its address on stdout; what to do with it is not', async () => {
  const { stdout, stderr } = await cli('hook', 'gitea/ada/engine');
  expect(stdout).toBe('url     http://127.0.0.1/webhooks/gitea/h1\nsecret  the-secret\n');
  expect(stderr).toMatch(/ built: push, release\. The secret is not shown again\.\n$/);
  expect(JSON.parse((await cli('hook', 'gitea/ada/engine', '--json')).stdout)).toEqual({
    url: 'http://127.0.0.1/webhooks/gitea/h1',
    secret: 'the-secret',
    events: ['push', 'release'],
  });
});

test('remove forgets one', async () => {
  expect((await cli('remove', 'gitea/ada/engine')).stdout).toBe('Removed gitea/ada/engine.\n');
  expect(api.requests).toEqual(['DELETE /repositories/gitea/ada/engine']);
});

test('settings that cannot be are refused before anything is asked', async () => {
  for (const words of [
    ['add', 'ada/engine'],
    ['add', 'gitlab/ada/engine'],
    ['add', 'gitea/../engine'],
    ['set', 'local/ada/engine', '--time-limit', '30'],
    ['set', 'local/ada/engine', '--pool', 'a b'],
    ['set', 'local/ada/engine', '--default-branch', ''],
    ['set', 'local/ada/engine', '--approval', 'friends'],
    ['set', 'local/ada/engine', '--trusted', 'ada'],
    ['set', 'local/ada/engine', '--cancel-previous', 'tag'],
  ]) {
    const { code, stderr } = await cli(...words);
    expect([words, code]).toEqual([words, 2]);
    expect(stderr).toMatch(/^bellows: .* Expected .*See --help\.\n$/);
  }
  expect(api.requests).toEqual([]);
});
