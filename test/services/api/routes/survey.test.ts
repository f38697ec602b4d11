import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Agents, PipelineView, Pool, QueueView } from '../../../../services/core/job/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.deps.repositories.put(repository);
});
afterAll(() => api.close());

const read = async <T>(path: string) => (await (await api.admin(path)).json()) as T;
const enqueue = (given = {}) => api.queue.enqueue(toRequest([toNewJob({ spec: toSpec(given) })]));

/** What Redis was asked while this ran; `get` is of the script that it is asked to run. */
async function countCalls(act: () => Promise<unknown>): Promise<number> {
  const asked = async () =>
    [
      ...(await api.commands.info('commandstats')).matchAll(
        /cmdstat_(?:evalsha|eval|hvals|hget):calls=(\d+)/g,
      ),
    ]
      .map(([, calls]) => Number(calls))
      .reduce((sum, calls) => sum + calls, 0);
  const before = await asked();
  await act();
  return (await asked()) - before;
}

test('agents, pools, the queue and a pipeline are told as they are', async () => {
  await enqueue();
  const result = await enqueue({ repository: 'local/bob/mill' });
  const { job, fence } = await api.claim('surveyed');
  expect((await read<Agents>('/api/v1/agents')).agents).toMatchObject([{ agent: 'surveyed', job }]);
  expect((await read<{ pools: Pool[] }>('/api/v1/pools')).pools).toMatchObject([
    { pool: 'default', queued: 1, running: 1 },
  ]);
  const { jobs } = await read<QueueView>('/api/v1/queue?limit=1');
  expect(jobs).toMatchObject([{ place: 1, class: 5, needs: [] }]);
  if (result.answer === 'full') throw new Error('full');
  const view = await read<PipelineView>(`/api/v1/pipelines/${result.pipeline}`);
  expect(view).toMatchObject({ counts: { queued: 1 }, jobs: [{ job: { id: jobs[0]?.job.id } }] });
  expect((await api.admin(`/api/v1/pipelines/${'0'.repeat(20)}`)).status).toBe(404);
  expect((await api.admin('/api/v1/queue?limit=0')).status).toBe(400);
  await api.queue.complete(job, fence, { outcome: 'success' });
});

test.each(['/api/v1/jobs', '/api/v1/pools', '/api/v1/jobs/<job>', '/api/v1/pipelines/<pipeline>'])(
  'who knows %s costs Redis one short question, until something happens',
  async (pattern) => {
    const result = await enqueue();
    if (result.answer === 'full') throw new Error('full');
    const path = pattern.replace('<job>', result.jobs[0] ?? '').replace('<pipeline>', result.pipeline);
    const first = await api.admin(path);
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    let again = await api.admin(path, { headers });
    // The last one runs all scripts, so that none of them is sent twice.
    expect([again.status, await again.text()]).toEqual([304, '']);
    expect(again.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(await countCalls(() => api.admin(path, { headers }))).toBe(1);
    await enqueue();
    again = await api.admin(path, { headers });
    expect([again.status, again.headers.get('etag') === headers['if-none-match']]).toEqual([200, false]);
  },
);

test.each([
  '/api/v1/agents',
  '/api/v1/queue',
  '/api/v1/repositories',
  `/api/v1/repositories/${repository.id}`,
])('%s is not sent again while it is the same', async (path) => {
  const etag = (await api.admin(path)).headers.get('etag') ?? '';
  const again = await api.admin(path, { headers: { 'if-none-match': etag } });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect((await api.admin(path, { headers: { 'if-none-match': '"x"' } })).status).toBe(200);
});

test('an answer that is kept is kept by who asked, and asked about each time', async () => {
  for (const path of ['/api/v1/jobs', '/api/v1/agents'])
    expect((await api.admin(path)).headers.get('cache-control')).toBe('private, no-cache');
});
