import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Accepted, JobAnswer, JobPage } from '../../../../services/core/job/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
let forge: Awaited<ReturnType<typeof openTestForge>>;
const head = 'a'.repeat(40);
beforeAll(async () => {
  forge = await openTestForge({ 'refs/heads/main': head });
  api = await openTestApi({ origins: { gitea: forge.origin } });
  await api.deps.repositories.put(repository);
});
afterAll(async () => {
  await api.close();
  await forge.close();
});

const post = (path: string, json?: unknown, headers: Record<string, string> = {}) =>
  api.admin(path, { method: 'POST', headers, ...(json === undefined ? {} : { json }) });
const read = async <T>(response: Response) => (await response.json()) as T;
const enqueue = async (given = {}) => {
  const result = await api.queue.enqueue(
    toRequest([toNewJob({ spec: toSpec({ repository: repository.id, ...given }) })]),
  );
  if (result.answer === 'full') throw new Error('full');
  return result.jobs[0] ?? '';
};

test('jobs are listed newest first, by page, and by what is asked', async () => {
  const ids = [
    await enqueue({ branch: 'one' }),
    await enqueue({ branch: 'two' }),
    await enqueue({ branch: 'two' }),
  ];
  const first = await read<JobPage>(await api.admin('/api/v1/jobs?limit=2'));
  expect(first.jobs.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  const second = await read<JobPage>(await api.admin(`/api/v1/jobs?limit=2&cursor=${first.next}`));
  expect(second.jobs.map(({ id }) => id)).toEqual([ids[0]]);
  const some = await read<JobPage>(await api.admin('/api/v1/jobs?branch=one&state=queued'));
  expect(some.jobs.map(({ id }) => id)).toEqual([ids[0]]);
  for (const wrong of ['limit=0', 'limit=x', 'state=good', 'repository=x'])
    expect([wrong, (await api.admin(`/api/v1/jobs?${wrong}`)).status]).toEqual([wrong, 400]);
});

test('filters may be given together, a state more than once, and a search finds what people remember', async () => {
  const mine = await enqueue({ branch: 'wheel', author: 'Ada', subject: 'Oil the wheel' });
  const hers = await enqueue({ branch: 'wheel', author: 'Bo' });
  await api.queue.cancel(hers, 'test');
  const ids = async (query: string) =>
    (await read<JobPage>(await api.admin(`/api/v1/jobs?${query}`))).jobs.map(({ id }) => id);
  expect(await ids('branch=wheel')).toEqual([hers, mine]);
  expect(await ids('branch=wheel&author=Ada')).toEqual([mine]);
  expect(await ids('branch=wheel&state=queued')).toEqual([mine]);
  expect(await ids('branch=wheel&state=queued&state=cancelled')).toEqual([hers, mine]);
  expect(await ids('branch=wheel&state=success&pool=default')).toEqual([]);
  expect(await ids('search=oil%20THE')).toEqual([mine]);
  expect(await ids(`search=${hers.slice(0, 8)}`)).toEqual([hers]);
  expect(await ids(`repository=${repository.id}&search=wheel`)).toEqual([hers, mine]);
});

test('a job is read by its id; an unknown one is 404 and no id is 400', async () => {
  const id = await enqueue();
  expect((await read<JobAnswer>(await api.admin(`/api/v1/jobs/${id}`))).job.id).toBe(id);
  expect((await api.admin(`/api/v1/jobs/${'0'.repeat(20)}`)).status).toBe(404);
  expect((await api.admin('/api/v1/jobs/..%2F')).status).toBe(400);
});

test('a job that waits is cancelled at once, and a second time it is 409', async () => {
  const id = await enqueue();
  const response = await post(`/api/v1/jobs/${id}/cancel`);
  expect((await read<JobAnswer>(response)).job.state).toBe('cancelled');
  const again = await post(`/api/v1/jobs/${id}/cancel`);
  expect([again.status, (await read<{ detail: string }>(again)).detail]).toEqual([
    409,
    `Job ${id} has already ended: cancelled.`,
  ]);
  expect((await post(`/api/v1/jobs/${'0'.repeat(20)}/cancel`)).status).toBe(404);
});

test('a retry is a new job of the same commit; the same key again is the same asking', async () => {
  const id = await enqueue({ subject: 'Ring' });
  expect((await post(`/api/v1/jobs/${id}/retry`)).status).toBe(409);
  await post(`/api/v1/jobs/${id}/cancel`);
  const response = await post(`/api/v1/jobs/${id}/retry`, undefined, { 'idempotency-key': 'k' });
  expect(response.status).toBe(202);
  const accepted = await read<Accepted>(response);
  expect((await api.queue.job(accepted.jobs[0] ?? ''))?.job.spec).toMatchObject({
    retryOf: id,
    subject: 'Ring',
  });
  const again = await post(`/api/v1/jobs/${id}/retry`, undefined, { 'idempotency-key': 'k' });
  expect(await again.json()).toEqual({ ...accepted, answer: 'dup' });
  expect(await read<Accepted>(await post(`/api/v1/jobs/${id}/retry`))).not.toEqual(accepted);
});

test('a trigger runs what the forge says is the head now, or the commit that it names', async () => {
  const accepted = await read<Accepted>(await post('/api/v1/jobs', { repository: repository.id }));
  expect((await api.queue.job(accepted.jobs[0] ?? ''))?.job.spec).toMatchObject({
    event: 'manual',
    ref: 'refs/heads/main',
    branch: 'main',
    sha: head,
  });
  const ref = 'refs/tags/v1';
  const named = await read<Accepted>(
    await post('/api/v1/jobs', { repository: repository.id, ref, sha: 'b'.repeat(40) }),
  );
  expect((await api.queue.job(named.jobs[0] ?? ''))?.job.spec).toMatchObject({
    ref,
    branch: 'v1',
    sha: 'b'.repeat(40),
    // Whose it is nobody knows: a forge gives the commits of forks by their ids, too.
    foreign: true,
  });
  expect((await post('/api/v1/jobs', { repository: repository.id, ref })).status).toBe(404);
  expect((await post('/api/v1/jobs', { repository: 'gitea/ada/unknown' })).status).toBe(404);
  expect((await post('/api/v1/jobs', { repository: repository.id, ref: '--upload-pack=x' })).status).toBe(
    400,
  );
  forge.setDown(true);
  expect((await post('/api/v1/jobs', { repository: repository.id })).status).toBe(502);
  forge.setDown(false);
});

test('a key gives the answer that it gave, though the branch has moved and the forge is down', async () => {
  const headers = { 'idempotency-key': 'one release' };
  const first = await read<Accepted>(await post('/api/v1/jobs', { repository: repository.id }, headers));
  forge.setDown(true);
  const again = await post('/api/v1/jobs', { repository: repository.id }, headers);
  expect([again.status, await again.json()]).toEqual([202, { ...first, answer: 'dup' }]);
  const other = { repository: repository.id, ref: 'refs/heads/other', sha: head };
  expect((await post('/api/v1/jobs', other, headers)).status).toBe(422);
  forge.setDown(false);
});

test('broken JSON is 400, and JSON that does not say so is 415', async () => {
  const broken = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } };
  expect((await api.admin('/api/v1/jobs', broken)).status).toBe(400);
  expect((await api.admin('/api/v1/jobs', { method: 'POST', body: '{}' })).status).toBe(415);
});

test('when Redis is gone the answer is 503 at once, and it is a problem that programs can read', async () => {
  api.commands.disconnect();
  const response = await api.admin('/api/v1/jobs');
  expect([
    response.status,
    response.headers.get('content-type'),
    response.headers.get('retry-after'),
  ]).toEqual([503, 'application/problem+json', '5']);
});
