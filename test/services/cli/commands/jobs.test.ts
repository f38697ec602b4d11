import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { jobPageSchema } from '../../../../services/core/job/index.ts';
import { runCli } from '../cli.ts';
import { createJob, createRepository, now, startWireApi, toJobId, type WireApi } from '../wire-api.ts';

let api: WireApi;
beforeEach(async () => {
  api = await startWireApi();
});
afterEach(() => api.close());

const cli = (...words: string[]) => runCli(words, { env: api.env, now });

test('a pipe gets one aligned line a job with its whole id', async () => {
  api.jobs.push(
    createJob(2, { state: 'running', startedAt: now - 5000, finishedAt: undefined, cancelling: true }),
    createJob(1, { spec: { repository: 'gitea/ada/engine', workflow: 'lint' } }),
  );
  const { code, stdout, stderr } = await cli('jobs');
  expect(stdout).toBe(
    [
      'ID                    STATE       REPOSITORY               BRANCH  SUBJECT         AGE  TOOK',
      '00020000000000000000  cancelling  ada/engine               main    Turn the crank  3m   5.0s',
      '00010000000000000000  success     gitea/ada/engine (lint)  main    Turn the crank  3m   5.0s',
      '',
    ].join('\n'),
  );
  expect([code, stderr]).toEqual([0, '']);
});

test('a terminal gets short ids, colours, and no line wider than itself', async () => {
  api.jobs.push(
    createJob(1, { state: 'failure', spec: { subject: 'A subject that needs far more room than there is' } }),
  );
  const { stdout } = await runCli(['jobs'], { env: { ...api.env, LANG: 'C.UTF-8' }, now, columns: 72 });
  expect(stdout.split('\n')[1]).toBe(
    '00010000  \x1b[31mfailure\x1b[0m  ada/engine  main    A subject that needs …  3m   5.0s',
  );
});

test('a branch or a subject cannot control the terminal', async () => {
  api.jobs.push(createJob(1, { spec: { branch: '\x1b]0;own\x07', subject: '\x1b[2J\u202egnp.exe\r' } }));
  const { stdout } = await runCli(['jobs'], { env: { ...api.env, NO_COLOR: '1' }, now, columns: 200 });
  expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
});

test('filters and the limit are asked of the api; a name finds its repository', async () => {
  api.repositories.push(createRepository('local/ada/engine'));
  for (let number = 1; number <= 250; number++) api.jobs.push(createJob(number, { state: 'dead' }));
  const { stdout } = await cli('jobs', '-r', 'engine', '-b', 'main', '-s', 'dead', '-n', '220', '--json');
  const page = jobPageSchema.parse(JSON.parse(stdout));
  expect(page.jobs.map(({ id }) => id)).toEqual(api.jobs.slice(0, 220).map(({ id }) => id));
  expect([page.next, page.event]).toEqual(['220', '7-0']);
  const filters = 'branch=main&state=dead&repository=local%2Fada%2Fengine';
  expect(api.requests).toEqual([
    'GET /repositories',
    `GET /jobs?${filters}&limit=100`,
    `GET /jobs?${filters}&limit=100&cursor=100`,
    `GET /jobs?${filters}&limit=20&cursor=200`,
  ]);
});

test('no job is said on stderr, so that a pipe gets nothing', async () => {
  expect(await cli('jobs')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringMatching(/^No jobs yet/),
  });
  expect((await cli('jobs', '--branch', 'x')).stderr).toBe('No job is like that.\n');
});

test('a wrong limit or state is a wrong command line', async () => {
  for (const words of [
    ['-n', '0'],
    ['-n', '1e9'],
    ['-s', 'done'],
  ]) {
    const { code, stdout, stderr } = await cli('jobs', ...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^bellows: option .* is invalid\. .*See --help\.\n$/);
  }
  expect(api.requests).toEqual([]);
});

test('one job is shown with its steps, and with the reason of its end', async () => {
  api.jobs.push(
    createJob(1, {
      state: 'failure',
      exitCode: 3,
      reason: 'step "test" failed with exit code 3',
      agent: 'agent-1',
      steps: [
        { name: 'clone', state: 'success', startedAt: now - 170_000, finishedAt: now - 169_900 },
        { name: 'test\x1b[2J', state: 'failure', startedAt: now - 169_000, finishedAt: now, exitCode: 3 },
        { name: 'ship', state: 'pending' },
      ],
    }),
  );
  const { stdout } = await cli('job', '0001');
  expect(stdout).toBe(
    `${toJobId(1)}  failure
  repository  local/ada/engine
  branch      main
  commit      1a2b3c4d1a2b Turn the crank
  author      Ada
  event       push
  pipeline    ${toJobId(1)}
  pool        default
  agent       agent-1
  attempt     1
  created     2026-01-02T11:57:00.000Z (3m)
  took        5.0s
  exit code   3
  reason      step "test" failed with exit code 3

STEP      STATE    TOOK    EXIT
clone     success  0.1s
test␛[2J  failure  2m 49s  3
ship      pending
`,
  );
});

test('without an id it is the newest job; the address of a page names its job', async () => {
  api.jobs.push(createJob(2), createJob(1));
  const newest = await cli('job', '--json');
  expect(JSON.parse(newest.stdout)).toMatchObject({ job: { id: toJobId(2) }, event: '7-0' });
  const named = await cli('job', `http://127.0.0.1:7440/jobs/${toJobId(1)}`, '--json');
  expect(JSON.parse(named.stdout)).toMatchObject({ job: { id: toJobId(1) } });
});

test('a beginning that fits several jobs, none, or is no id, is refused with the remedy', async () => {
  expect(await cli('job')).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no job yet') });
  api.jobs.push(createJob(0x1a), createJob(0x1b));
  expect(await cli('job', '001')).toMatchObject({
    code: 2,
    stderr: `bellows: "001" begins the ids of 2 jobs: ${toJobId(0x1a)}, ${toJobId(0x1b)}\n`,
  });
  expect(await cli('job', 'fff')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^bellows: no job's id begins with "fff": \.\/bellows jobs lists them/),
  });
  expect(await cli('job', '\x1b[2Jx')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^bellows: "␛\[2Jx" is not a job id: expected .*\n$/),
  });
});
