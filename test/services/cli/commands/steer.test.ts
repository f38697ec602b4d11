import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';
import {
  createJob,
  createRepository,
  end,
  startWireApi,
  toChunk,
  toJobId,
  type WireApi,
} from '../wire-api.ts';

let api: WireApi;
beforeEach(async () => {
  api = await startWireApi();
});
afterEach(() => api.close());

const cli = (...words: string[]) => runCli(words, { env: api.env });

test('cancel tells a running job to stop, and is refused for one that has ended', async () => {
  api.jobs.push(createJob(2, { state: 'running', finishedAt: undefined }), createJob(1));
  const { code, stdout } = await cli('cancel', '0002');
  expect([code, stdout]).toEqual([
    0,
    'Job 00020000 was told to stop. ./bellows job 00020000 shows when it has.\n',
  ]);
  const { stdout: json } = await cli('cancel', toJobId(2), '--json');
  expect(JSON.parse(json)).toMatchObject({ job: { cancelling: true }, event: '8-0' });
  expect(await cli('cancel', '0001')).toMatchObject({
    code: 1,
    stderr: 'bellows: The job has already ended: success.\n',
  });
});

test('a job that only waited has ended when cancel returns', async () => {
  api.jobs.push(createJob(3, { state: 'cancelled', finishedAt: undefined }));
  expect((await cli('cancel', toJobId(3))).stdout).toBe('Job 00030000 has ended: cancelled.\n');
});

test('each retry is a new asking, with a key of its own', async () => {
  const first = await cli('retry', toJobId(1));
  expect(first).toMatchObject({
    code: 0,
    stdout: 'Started job 00630000. ./bellows open 00630000 prints its page.\n',
  });
  await cli('retry', toJobId(1));
  expect(new Set(api.keys).size).toBe(2);
  expect(api.keys).not.toContain(undefined);
});

test('a retry that is followed prints only the log, and exits as the new job ends', async () => {
  api.jobs.push(createJob(99, { state: 'failure', reason: 'step "test" failed with exit code 1' }));
  api.streams.set(toJobId(99), [toChunk('1-1', 'hello\n') + end]);
  const { code, stdout, stderr } = await cli('retry', toJobId(1), '--follow');
  expect([code, stdout]).toEqual([1, 'hello\n']);
  expect(stderr).toBe(
    'Started job 00630000. ./bellows open 00630000 prints its page.\n' +
      'bellows: job 00630000 ended with failure: step "test" failed with exit code 1\n',
  );
});

test('retry --failed names the jobs that run again, not those that stand', async () => {
  api.jobs.push(createJob(1), createJob(9, { pipeline: toJobId(98), state: 'queued' }));
  expect(await cli('retry', toJobId(1), '--failed')).toMatchObject({
    code: 0,
    stdout: 'Started job 00090000. ./bellows open 00090000 prints its page.\n',
    stderr: 'This pipeline was run again already; this is what came of it.\n',
  });
  expect(api.requests).toContain(`POST /pipelines/${toJobId(1)}/retry`);
  const { stdout } = await cli('retry', toJobId(1), '--failed', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ answer: 'dup', jobs: [toJobId(1), toJobId(9)] });
});

test('approve and skip are for the commit of the job that is named', async () => {
  const sha = '1a2b3c4d'.repeat(5);
  api.jobs.push(createJob(4, { state: 'waiting' }));
  expect((await cli('approve', '0004')).stdout).toBe('Approved 2 jobs: pull request #4 of ada.\n');
  expect((await cli('skip', '0004', '--sha', '1a2b')).stdout).toBe(
    'Skipped 1 job: pull request #4 of ada.\n',
  );
  expect(JSON.parse((await cli('approve', '0004', '--json')).stdout)).toEqual({
    jobs: 2,
    about: 'pull request #4 of ada',
  });
  expect(await cli('approve', '0004', '--sha', 'ffff')).toMatchObject({
    code: 1,
    stderr: `bellows: job 00040000 is of commit ${sha}, not of ffff\n`,
  });
  expect(api.bodies).toEqual([{ sha }, { sha }, { sha }]);
});

test('dead letters are listed with their reasons, and put back by their ids', async () => {
  expect(await cli('dead')).toMatchObject({ stdout: '', stderr: 'No job was given up.\n' });
  api.jobs.push(
    createJob(6, { state: 'dead', reason: 'lost 3 agents; the last: killed' }),
    createJob(7, { state: 'dead', reason: 'tried 5 times' }),
  );
  const { stdout } = await cli('dead', '--limit', '5');
  expect(stdout).toContain('lost 3 agents; the last: killed');
  expect(JSON.parse((await cli('dead', '--json')).stdout).jobs).toHaveLength(2);
  expect((await cli('requeue', '0006', '0007')).stdout).toBe(
    'Job 00060000 is queued again.\nJob 00070000 is queued again.\n',
  );
  expect(JSON.parse((await cli('requeue', '0006', '--json')).stdout)).toMatchObject({
    job: { state: 'queued' },
  });
  api.jobs.push(createJob(8));
  expect((await cli('requeue', '0008')).code).toBe(1);
  expect((await cli('dead', '--limit', '0')).code).toBe(2);
});

test('queue check fails where the queue does not agree with its jobs, until that is repaired', async () => {
  expect(await cli('queue', 'check')).toMatchObject({ code: 0, stdout: '', stderr: 'All is well.\n' });
  api.wrong.push('a lease without its job', 'success: counted 3, really 1');
  expect(await cli('queue', 'check')).toMatchObject({
    code: 1,
    stdout: 'a lease without its job\nsuccess: counted 3, really 1\n',
    stderr: 'bellows: 2 things are wrong: ./bellows queue check --repair mends what can be\n',
  });
  expect(JSON.parse((await cli('queue', 'check', '--repair', '--json')).stdout).lines).toHaveLength(2);
  expect((await cli('queue', 'check', '--repair')).stderr).toBe('All is well.\n');
});

test('trigger takes a branch or a whole ref, and finds a repository by its name', async () => {
  api.repositories.push(createRepository('gitea/ada/engine'));
  const sha = 'ab'.repeat(20);
  const { stdout } = await cli('trigger', 'engine', '--ref', 'topic/x', '--sha', sha, '--json');
  expect(JSON.parse(stdout)).toMatchObject({ answer: 'enqueued', jobs: [toJobId(99)] });
  await cli('trigger', 'gitea/ada/engine', '--ref', 'refs/tags/v1');
  await cli('trigger', 'ada/engine');
  expect(api.bodies).toEqual([
    { repository: 'gitea/ada/engine', ref: 'refs/heads/topic/x', sha },
    { repository: 'gitea/ada/engine', ref: 'refs/tags/v1' },
    { repository: 'gitea/ada/engine' },
  ]);
});

test('a ref or a commit that cannot be one never reaches the api', async () => {
  for (const words of [
    ['--ref', 'a b'],
    ['--ref', 'a..b'],
    ['--ref', 'refs/notes/x'],
    ['--sha', 'abc'],
  ]) {
    const { code, stderr } = await cli('trigger', 'local/ada/engine', ...words);
    expect([words, code]).toEqual([words, 2]);
    expect(stderr).toMatch(/^bellows: .*See --help\.\n$/);
  }
  expect(api.requests).toEqual([]);
});

test('a name that several repositories have is not guessed', async () => {
  api.repositories.push(createRepository('gitea/ada/engine'), createRepository('local/bob/engine'));
  expect(await cli('trigger', 'engine')).toMatchObject({
    code: 2,
    stderr: 'bellows: "engine" may be any of gitea/ada/engine, local/bob/engine: give the whole id\n',
  });
  expect(await cli('trigger', 'gine')).toMatchObject({
    code: 1,
    stderr: 'bellows: no registered repository is called "gine": ./bellows repo list shows them\n',
  });
});

test('open prints an address and nothing else', async () => {
  api.jobs.push(createJob(5));
  expect(await cli('open')).toMatchObject({ code: 0, stdout: 'http://127.0.0.1:7440/jobs/x?code=once\n' });
  await cli('open', '--api');
  expect(JSON.parse((await cli('open', '0005', '--json')).stdout)).toEqual({
    url: 'http://127.0.0.1:7440/jobs/x?code=once',
  });
  expect(api.bodies).toEqual([{ path: '/' }, { path: '/api/v1/docs' }, { path: `/jobs/${toJobId(5)}` }]);
});
