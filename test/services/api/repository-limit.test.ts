import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { limitedRoutes } from '../../../services/api/access-rules.ts';
import type { Accepted, JobPage, QueueView } from '../../../services/core/job/index.ts';
import { openTestApi, readStream, repository, type TestApi } from '../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../support/job.ts';

/** S36: a credential that is limited to some repositories learns nothing of the others. */

const mine = repository.id;
const theirs = 'gitea/eve/safe';
const also = 'gitea/ada/second';
const nobody = '0123456789abcdef0123';
const noPipeline = '0123456789abcdef0124';

let api: TestApi;
const jobs: Record<string, string> = {};
const pipelines: Record<string, string> = {};
beforeAll(async () => {
  api = await openTestApi();
  for (const id of [mine, theirs, also]) {
    await api.deps.repositories.put({ ...repository, id, name: id.slice(6) });
    const request = toRequest([toNewJob({ spec: toSpec({ repository: id }) })]);
    const accepted = (await api.queue.enqueue(request)) as Accepted;
    jobs[id] = accepted.jobs[0] ?? '';
    pipelines[id] = accepted.pipeline;
  }
});
afterAll(() => api.close());

let made = 0;
async function toLimited(repositories: string[], role: 'view' | 'admin' = 'admin'): Promise<string> {
  const given = { name: `limited-${made++}`, role, repositories };
  const response = await api.admin('/api/v1/tokens', { method: 'POST', json: given });
  return ((await response.json()) as { token: string }).token;
}

test('of another repository and its jobs it is told what it would be told if there were none', async () => {
  const token = await toLimited([mine]);
  const toPath = (route: string, job: string, id: string) => {
    const [forge = '', owner = '', name = ''] = id.split('/');
    const pipeline = pipelines[id] ?? noPipeline;
    const path = route
      .slice(route.indexOf('/'))
      .replace(':id', job)
      .replace(':pipeline', pipeline)
      .replace(':forge', forge);
    return path.replace(':owner', owner).replace(':name', name);
  };
  const named = [...limitedRoutes].filter((route) => route.includes(':'));
  expect(named.length).toBeGreaterThan(10);
  for (const route of named) {
    const method = route.slice(0, route.indexOf(' '));
    const answer = async (job: string, id: string) => {
      const response = await api.ask(toPath(route, job, id), { method, token });
      const text = (await response.text()).replaceAll(pipelines[id] ?? noPipeline, '<pipeline>');
      return [response.status, text.replaceAll(job, '<job>').replaceAll(id, '<repository>')];
    };
    const forbidden = await answer(jobs[theirs] ?? '', theirs);
    expect([route, ...forbidden]).toEqual([route, 404, expect.any(String)]);
    expect(forbidden).toEqual(await answer(nobody, 'gitea/no/body'));
  }
  expect(await api.deps.repositories.get(theirs)).toBeDefined();
  expect((await api.queue.job(jobs[theirs] ?? ''))?.job.state).toBe('queued');
});

test('no spelling of an address gets past it', async () => {
  const token = await toLimited([mine]);
  const id = jobs[theirs] ?? '';
  const encoded = [...id].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
  for (const path of [
    `/api/v1/jobs/${encoded}`,
    `/api/v1/jobs/${id}%2f`,
    `/api/v1/jobs/${jobs[mine]}/../${id}`,
    `/api/v1/jobs/${id}?id=${jobs[mine]}`,
    `/api/v1/repositories/gitea/eve/%73afe`,
    `/api/v1/repositories/gitea/eve%2fsafe`,
  ])
    expect([path, (await api.ask(path, { token })).status]).toEqual([path, 404]);
});

test('its lists hold what it knows, and all of that', async () => {
  const toIds = (page: JobPage) => page.jobs.map(({ spec }) => spec.repository);
  const list = async (token: string, query = '') =>
    toIds((await (await api.ask(`/api/v1/jobs${query}`, { token })).json()) as JobPage);
  const one = await toLimited([mine], 'view');
  const two = await toLimited([mine, also], 'view');
  expect(await list(one)).toEqual([mine]);
  expect(await list(two)).toEqual([also, mine]);
  expect(await list(two, '?limit=1')).toEqual([also]);
  expect(await list(api.tokens.admin)).toEqual([also, theirs, mine]);
  for (const token of [one, two]) {
    expect(await list(token, `?repository=${theirs}`)).toEqual([]);
    expect(await list(token, `?repository=${mine}`)).toEqual([mine]);
  }
  const known = (await (await api.ask('/api/v1/repositories', { token: one })).json()) as {
    repositories: { id: string }[];
  };
  expect(known.repositories.map(({ id }) => id)).toEqual([mine]);
  const page = await (await api.ask('/', { token: one })).text();
  expect(page).toContain(`/jobs/${jobs[mine]}`);
  expect(page).not.toContain(`/jobs/${jobs[theirs]}`);
});

test('it is sent the events of what it knows, and no others', async () => {
  const token = await toLimited([mine], 'view');
  const { event } = (await (await api.admin('/api/v1/jobs?limit=1')).json()) as JobPage;
  const stream = readStream(await api.ask(`/api/v1/events?from=${event}`, { token }));
  await api.queue.cancel(jobs[theirs] ?? '', 'test');
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: theirs }) })]));
  await api.queue.cancel(jobs[mine] ?? '', 'test');
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: mine }) })]));
  const seen = [];
  for await (const { event: type, data } of stream)
    if (type === 'job' && seen.push(data.snapshot?.spec.repository ?? data.job) === 2) break;
  expect(seen).toEqual([jobs[mine], mine]);
});

test('it starts jobs of what it knows, and of nothing else', async () => {
  const token = await toLimited([mine]);
  const trigger = (id: string) =>
    api.ask('/api/v1/jobs', { method: 'POST', token, json: { repository: id, sha: 'a'.repeat(40) } });
  expect((await trigger(theirs)).status).toBe(404);
  expect((await trigger(mine)).status).toBe(202);
});

test('of agents, pools and the queue it is told what is of its repositories, as if there were no others', async () => {
  const all = async (token: string) => {
    const read = async (path: string) =>
      (await (await api.ask(`/api/v1/${path}`, { token })).json()) as unknown;
    return { agents: await read('agents'), pools: await read('pools'), queue: await read('queue') };
  };
  const enqueue = (id: string, given: object = {}) =>
    api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: id }), ...given })]));
  const token = await toLimited([mine, also], 'view');
  await enqueue(theirs, { pool: 'big', priority: 0 });
  await api.claim('of-eve', 'big');
  await enqueue(theirs, { pool: 'big' });
  await enqueue(theirs, { awaits: 'awaits approval: of eve' });
  const before = await all(token);
  expect(JSON.stringify(before)).not.toMatch(/eve\/safe|of.eve|big/);
  await enqueue(mine, { pool: 'big', priority: 0 });
  await api.claim('of-ada', 'big');
  await enqueue(also, { pool: 'big', priority: 9 });
  await enqueue(mine, { awaits: 'awaits approval: of ada' });
  const { agents, pools, queue } = await all(token);
  expect(agents).toEqual({
    total: 1,
    agents: [expect.objectContaining({ agent: 'of-ada', repository: mine })],
  });
  expect(pools).toMatchObject({
    pools: [
      { pool: 'big', queued: 1, running: 1, oldest: expect.any(Number) },
      { pool: 'default', queued: 3, running: 0 },
    ],
  });
  const { jobs: listed, counts } = queue as QueueView;
  expect(counts).toEqual({ queued: 4, blocked: 0, waiting: 1, delayed: 0 });
  expect(listed.map(({ job, class: of }) => [job.pool, job.spec.repository, job.state, of])).toEqual([
    ['big', also, 'queued', 9],
    ['default', also, 'queued', 5],
    ['default', mine, 'queued', 5],
    ['default', mine, 'queued', 5],
    ['default', mine, 'waiting', 5],
  ]);
  // A place would count those of others.
  expect(listed.filter((entry) => 'place' in entry)).toEqual([]);
  const some = await (await api.ask('/api/v1/queue?pool=default&limit=1', { token })).json();
  expect((some as QueueView).jobs.map(({ job }) => job.state)).toEqual(['queued', 'waiting']);
});

test('an admin with a limit is none anywhere else: whatever does not filter refuses it', async () => {
  const token = await toLimited([mine]);
  for (const [method, path] of [
    ['GET', '/metrics'],
    ['GET', '/readyz'],
    ['GET', '/api/v1/dead-letters'],
    ['GET', '/api/v1/tokens'],
    ['POST', '/api/v1/tokens'],
    ['GET', '/api/v1/sessions'],
    ['POST', '/api/v1/reconcile'],
    ['POST', '/api/v1/page-codes'],
    ['POST', '/api/v1/claim-tokens'],
    ['POST', '/api/v1/agents/x/lost'],
  ] as const)
    expect([path, (await api.ask(path, { method, token })).status]).toEqual([path, 403]);
});
