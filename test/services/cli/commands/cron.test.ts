import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type AgentBench, openAgentBench } from '../../../support/agent.ts';
import { runCli } from '../cli.ts';

let bench: AgentBench;
let env: Record<string, string>;
const id = 'gitea/ada/bell';
beforeAll(async () => {
  bench = await openAgentBench();
  env = { BELLOWS_URL: bench.url, BELLOWS_TOKEN: bench.api.tokens.admin };
  await bench.api.deps.repositories.put({
    id,
    forge: 'gitea',
    name: 'ada/bell',
    defaultBranch: 'main',
    pool: 'default',
    timeLimitMs: 60_000,
  });
});
afterAll(() => bench.close());

const cli = (...words: string[]) => runCli(['cron', ...words], { env });
const cells = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

test('a cron is set, changed where something is given, turned off and on, and removed', async () => {
  expect(await cli('list', 'bell')).toMatchObject({ code: 0, stdout: '', stderr: 'No crons.\n' });
  const made = await cli('set', 'bell', 'nightly', '0 3 * * *', '--timezone', 'Europe/Berlin');
  expect(cells(made.stdout)).toEqual([
    ['NAME', 'SCHEDULE', 'BRANCH', 'NEXT', 'LAST', 'BY'],
    [
      'nightly',
      '0 3 * * * Europe/Berlin',
      'default',
      expect.stringMatching(/^in \d+/),
      'never',
      'admin-token',
    ],
  ]);
  const changed = await cli('set', 'bell', 'nightly', '--branch', 'trunk', '--off', '--json');
  expect(JSON.parse(changed.stdout)).toMatchObject({
    schedule: '0 3 * * *',
    timezone: 'Europe/Berlin',
    branch: 'trunk',
    enabled: false,
  });
  await bench.api.deps.crons.note(id, 'nightly', {
    dueAt: Date.now(),
    problem: 'gitea/ada/bell has no trunk',
  });
  const listed = cells((await cli('list', 'bell')).stdout);
  expect(listed[1]?.slice(2, 5)).toEqual(['trunk', 'off', 'now: gitea/ada/bell has no trunk']);
  expect(JSON.parse((await cli('set', 'bell', 'nightly', '--on', '--json')).stdout)).toHaveProperty('next');
  expect(JSON.parse((await cli('list', 'bell', '--json')).stdout).crons).toHaveLength(1);
  expect((await cli('remove', 'bell', 'nightly')).stdout).toBe(`Removed nightly of ${id}.\n`);
});

test.each([
  [['set', 'bell', 'nightly'], 2, 'a new cron needs a schedule'],
  [['set', 'bell', 'nightly', '@daily', '--on', '--off'], 2, 'either --on or --off'],
  [['set', 'bell', 'n/a', '@daily'], 2, 'Expected letters'],
  [['set', 'bell', 'nightly', 'soon'], 1, 'expected five fields'],
])('%j ends with %d and says %s', async (words, code, message) => {
  const answer = await cli(...words);
  expect([answer.code, answer.stderr]).toEqual([code, expect.stringContaining(message)]);
});
