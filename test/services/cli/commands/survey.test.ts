import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli } from '../cli.ts';
import { createJob, now, startWireApi, toJobId, type WireApi } from '../wire-api.ts';

let api: WireApi;
beforeEach(async () => {
  api = await startWireApi();
});
afterEach(() => api.close());

const cli = (...words: string[]) => runCli(words, { env: api.env, now });

test('agents are listed with their jobs and when they were last heard of', async () => {
  expect(await cli('agents')).toMatchObject({ stdout: '', stderr: 'No agent runs: nothing is to do.\n' });
  api.agents.push({
    agent: 'agent-1',
    job: toJobId(1),
    pool: 'default',
    repository: 'local/ada/engine',
    since: now - 60_000,
    heardAt: now - 4_000,
    attempt: 1,
  });
  expect((await cli('agents')).stdout).toBe(
    [
      'AGENT    JOB                   POOL     REPOSITORY        SINCE  HEARD',
      'agent-1  00010000000000000000  default  local/ada/engine  1m     4s',
      '',
    ].join('\n'),
  );
  expect(JSON.parse((await cli('agents', '--json')).stdout).total).toBe(1);
});

test('pools are listed with what waits and for how long', async () => {
  expect((await cli('pools')).stderr).toBe('No pool had a job yet.\n');
  api.pools.push(
    { pool: 'default', queued: 2, running: 1, oldest: now - 120_000 },
    { pool: 'gpu', queued: 0, running: 0 },
  );
  expect((await cli('pools')).stdout).toBe(
    ['POOL     QUEUED  RUNNING  OLDEST', 'default  2       1        2m', 'gpu      0       0', ''].join('\n'),
  );
  expect(JSON.parse((await cli('pools', '--json')).stdout).pools).toHaveLength(2);
});

test('the queue is listed in its order, and what cannot be claimed says why', async () => {
  expect((await cli('queue')).stderr).toBe('Nothing waits.\n');
  const waiting = { finishedAt: undefined, startedAt: undefined };
  api.queue.push(
    { job: createJob(1, { ...waiting, state: 'queued' }), place: 1, class: 5, needs: [] },
    {
      job: createJob(2, { ...waiting, state: 'blocked', reason: 'concurrency group "deploy" is full' }),
      class: 5,
      group: 'deploy',
      needs: [],
    },
  );
  expect((await cli('queue', '--pool', 'default')).stdout).toBe(
    [
      'POOL     PLACE  CLASS  ID                    STATE    REPOSITORY  BRANCH  AGE  REASON',
      'default  1      5      00010000000000000000  queued   ada/engine  main    3m',
      'default         5      00020000000000000000  blocked  ada/engine  main    3m   concurrency group "deploy" is full',
      '',
    ].join('\n'),
  );
  expect(api.requests.at(-1)).toBe('GET /queue?limit=200&pool=default');
  expect(JSON.parse((await cli('queue', '--json')).stdout).jobs).toHaveLength(2);
});

test('a pipeline is shown by its id, by one of its jobs, or as the newest', async () => {
  const pipeline = 'f'.repeat(20);
  api.jobs.push(createJob(1, { pipeline }), createJob(2, { pipeline, state: 'failure' }));
  const first = `pipeline ${pipeline}: failure (1 success, 1 failure)`;
  for (const given of [[pipeline], [toJobId(2)], [toJobId(2).slice(0, 8)], []])
    expect((await cli('pipeline', ...given)).stdout.split('\n')[0]).toBe(first);
  expect((await cli('pipeline')).stdout.split('\n')).toHaveLength(5);
  expect(JSON.parse((await cli('pipeline', '--json')).stdout)).toMatchObject({ pipeline });
  expect(await cli('pipeline', '0'.repeat(20))).toMatchObject({ code: 1, stdout: '' });
});

test('jobs are asked for by author, several states and a search', async () => {
  await cli('jobs', '--author', 'Ada', '--state', 'failure', 'timeout', '--search', 'deploy');
  expect(api.requests).toEqual(['GET /jobs?author=Ada&state=failure&state=timeout&search=deploy&limit=20']);
});
