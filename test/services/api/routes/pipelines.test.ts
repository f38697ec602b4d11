import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Accepted, Job, JobAnswer, JobPage } from '../../../../services/core/job/index.ts';
import type { NewJob } from '../../../../services/core/queue/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';
import { toFound, toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
const sha = 'a'.repeat(40);
beforeAll(async () => {
  api = await openTestApi();
});
beforeEach(async () => {
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
});
afterAll(() => api.close());

const post = (path: string, json?: unknown) =>
  api.admin(path, { method: 'POST', ...(json === undefined ? {} : { json }) });
const read = async <T>(response: Response) => (await response.json()) as T;
const detail = async (response: Response) => [
  response.status,
  (await read<{ detail: string }>(response)).detail,
];
const toJob = (workflow: string, given: Partial<NewJob> = {}) =>
  toNewJob({ spec: toSpec({ repository: repository.id, sha, workflow }), ...given });
const enqueue = async (...jobs: NewJob[]) => {
  const result = await api.queue.enqueue(toRequest(jobs));
  if (result.answer === 'full') throw new Error('full');
  return result;
};
const job = async (id = ''): Promise<Job> =>
  (await read<JobAnswer>(await api.admin(`/api/v1/jobs/${id}`))).job;
let agents = 0;
const run = async (outcome: 'success' | 'failure') => {
  const claimed = await api.claim(`agent-${agents++}`);
  await api.queue.complete(claimed.job, claimed.fence, { outcome });
};

test('a trigger that is to be approved waits until it is, and says why', async () => {
  const response = await post('/api/v1/jobs', { repository: repository.id, sha, awaits: 'production' });
  const { pipeline, jobs } = await read<Accepted>(response);
  expect(await job(jobs[0])).toMatchObject({
    state: 'waiting',
    awaits: true,
    reason: 'awaits approval: production',
  });
  expect(await detail(await post(`/api/v1/pipelines/${pipeline}/approve`, { sha: 'b'.repeat(40) }))).toEqual([
    409,
    `No job of pipeline ${pipeline} awaits approval for commit ${'b'.repeat(40)}.`,
  ]);
  expect(await read(await post(`/api/v1/pipelines/${pipeline}/approve`, { sha }))).toEqual({
    jobs: 1,
    about: `manual of main at commit aaaaaaaaaaaa in ${repository.id}`,
  });
  const approved = await job(jobs[0]);
  expect([approved.state, approved.awaits]).toEqual(['queued', undefined]);
  expect((await post(`/api/v1/pipelines/${pipeline}/approve`, { sha })).status).toBe(409);
});

test('what is skipped in place of an approval never runs, and what needs it goes the way of any skipped job', async () => {
  const { pipeline, jobs } = await enqueue(
    toJob('deploy', { awaits: 'awaits approval: production' }),
    toJob('smoke', { needs: ['deploy'] }),
    toJob('report', { needs: ['deploy'], runs: 'always' }),
  );
  expect(await read(await post(`/api/v1/pipelines/${pipeline}/skip`, { sha }))).toMatchObject({ jobs: 1 });
  const after = await Promise.all(jobs.map(job));
  expect(after.map(({ state }) => state)).toEqual(['skipped', 'skipped', 'queued']);
  expect(after[0]?.reason).toBe('skipped by admin-token');
  expect((await post(`/api/v1/pipelines/${pipeline}/approve`, { sha })).status).toBe(409);
});

test('another run of a job that nobody approved is no approval', async () => {
  const { jobs } = await enqueue(toJob('deploy', { awaits: 'awaits approval: a fork' }));
  await post(`/api/v1/jobs/${jobs[0]}/cancel`);
  const again = await read<Accepted>(await post(`/api/v1/jobs/${jobs[0]}/retry`));
  expect(await job(again.jobs[0])).toMatchObject({ state: 'waiting', awaits: true });
});

test('the failed jobs of a pipeline run again in a new one in which the others stand', async () => {
  const { pipeline, jobs } = await enqueue(toJob('build'), toJob('test'));
  expect(await detail(await post(`/api/v1/pipelines/${pipeline}/retry`))).toEqual([
    409,
    `Pipeline ${pipeline} has not ended yet. Cancel its jobs first, or wait.`,
  ]);
  await run('success');
  await run('failure');
  const response = await post(`/api/v1/pipelines/${pipeline}/retry`);
  const accepted = await read<Accepted>(response);
  expect([response.status, accepted.answer, accepted.jobs[0]]).toEqual([202, 'enqueued', jobs[0]]);
  expect(await read<Accepted>(await post(`/api/v1/pipelines/${pipeline}/retry`))).toEqual({
    ...accepted,
    answer: 'dup',
  });
  await run('success');
  expect((await detail(await post(`/api/v1/pipelines/${accepted.pipeline}/retry`)))[0]).toBe(409);
});

test('a retry of the first job does not repeat the workflows that it found', async () => {
  const { jobs } = await enqueue(toNewJob({ spec: toSpec({ repository: repository.id }) }));
  const claimed = await api.claim('one');
  await api.queue.expand(claimed.job, claimed.fence, toFound(['lint']));
  await api.queue.complete(claimed.job, claimed.fence, { outcome: 'failure' });
  const again = await read<Accepted>(await post(`/api/v1/jobs/${jobs[0]}/retry`));
  expect((await job(again.jobs[0])).spec).toMatchObject({ expanded: true, retryOf: jobs[0] });
  // One that found nothing, perhaps because it never came so far, looks again.
  await post(`/api/v1/jobs/${again.jobs[0]}/cancel`);
  const third = await enqueue(toNewJob({ spec: toSpec({ repository: repository.id }) }));
  await post(`/api/v1/jobs/${third.jobs[0]}/cancel`);
  const fourth = await read<Accepted>(await post(`/api/v1/jobs/${third.jobs[0]}/retry`));
  expect((await job(fourth.jobs[0])).spec.expanded).toBeUndefined();
});

test('of a pipeline that is not known nothing is decided', async () => {
  const none = '0'.repeat(20);
  for (const [action, body] of [
    ['approve', { sha }],
    ['skip', { sha }],
    ['retry', undefined],
  ] as const)
    expect(await detail(await post(`/api/v1/pipelines/${none}/${action}`, body))).toEqual([
      404,
      `There is no pipeline ${none}; it may be older than the history.`,
    ]);
});

test('dead letters are listed with their reasons, and go back into the queue', async () => {
  const { jobs } = await enqueue(toJob('build'));
  expect((await detail(await post(`/api/v1/jobs/${jobs[0]}/requeue`)))[0]).toBe(409);
  for (let i = 0; i < 3; i++) {
    const agent = `agent-${agents++}`;
    await api.claim(agent);
    await api.queue.lost(agent, 'out of memory');
  }
  const page = await read<JobPage>(await api.admin('/api/v1/dead-letters'));
  expect(page.jobs).toMatchObject([{ id: jobs[0], reason: 'lost 3 agents; the last: out of memory' }]);
  const requeued = await read<JobAnswer>(await post(`/api/v1/jobs/${jobs[0]}/requeue`));
  expect(requeued.job.state).toBe('queued');
  expect((await read<JobPage>(await api.admin('/api/v1/dead-letters'))).jobs).toEqual([]);
  expect((await post(`/api/v1/jobs/${'0'.repeat(20)}/requeue`)).status).toBe(404);
});

test('damage is said, mended once, and then there is none', async () => {
  await enqueue(toJob('build'));
  const audit = async () => (await read<{ lines: string[] }>(await api.admin('/api/v1/queue/audit'))).lines;
  expect(await audit()).toEqual([]);
  await api.commands.del('ci:{q}:ready:default');
  expect((await audit()).length).toBeGreaterThan(0);
  const repair = async () => (await read<{ lines: string[] }>(await post('/api/v1/queue/repair'))).lines;
  expect((await repair()).join()).toContain('put into ready');
  expect([await audit(), await repair()]).toEqual([[], []]);
  await run('success');
});

test('a repository that has as many unfinished jobs as it may is refused more, and no other is', async () => {
  await api.deps.repositories.put({ ...repository, jobLimit: 2 });
  await api.deps.repositories.put({ ...repository, id: 'gitea/ada/other', name: 'ada/other' });
  const trigger = (id: string) => post('/api/v1/jobs', { repository: id, sha });
  expect([(await trigger(repository.id)).status, (await trigger(repository.id)).status]).toEqual([202, 202]);
  const refused = await trigger(repository.id);
  expect([refused.headers.get('retry-after'), ...(await detail(refused))]).toEqual([
    '30',
    503,
    'Too many jobs of this repository wait already: at most 2 may be unfinished. Try again when some are done.',
  ]);
  expect((await trigger('gitea/ada/other')).status).toBe(202);
  await run('success');
  expect((await trigger(repository.id)).status).toBe(202);
});
