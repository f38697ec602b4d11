import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { verifyToken } from '../../../../services/core/access/index.ts';
import type { Claim } from '../../../../services/core/job/index.ts';
import { openTestApi, publicUrl, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

let agents = 0;
async function start(): Promise<Claim & { agent: string }> {
  await api.queue.enqueue(toRequest());
  const agent = `agent-${agents++}`;
  return { ...(await api.claim(agent)), agent };
}
const say = (claim: Pick<Claim, 'job' | 'token'>, path: string, json: unknown = {}, method = 'POST') =>
  api.ask(`/api/v1/agent/jobs/${claim.job}/${path}`, { method, token: claim.token, json });
const chunk = (claim: Claim, n: number, text: string | Uint8Array) =>
  api.ask(`/api/v1/agent/jobs/${claim.job}/log/${n}?step=test`, {
    method: 'PUT',
    token: claim.token,
    body: Buffer.from(text),
    headers: { 'content-type': 'application/octet-stream' },
  });

test('a claim answers with the job, its token, its page and a password for one repository', async () => {
  const claim = await start();
  expect(claim).toMatchObject({ attempt: 1, leaseMs: 30_000, spec: toSpec() });
  expect(claim.page).toBe(`${publicUrl}/jobs/${claim.job}`);
  expect(claim.clone).toMatchObject({ url: 'http://127.0.0.1:1/ada/engine.git', username: 'job' });
  const opens = (audience: string) =>
    verifyToken(claim.clone.password ?? '', 'clone-key-of-the-test-0000000000000000', {
      purpose: 'clone',
      audience,
    });
  expect([opens('local/ada/engine'), opens('local/ada/other')]).toEqual([true, false]);
  await say(claim, 'complete', { outcome: 'success' });
});

test('a claim whose answer was lost can be repeated by the same agent, and by no other', async () => {
  await api.queue.enqueue(toRequest());
  const token = await api.deps.claimTokens.issue('default');
  const claim = (agent: string, pool = 'default') =>
    api.ask('/api/v1/agent/claim', { method: 'POST', token, json: { pool, agent } });
  expect((await claim('first', 'other')).status).toBe(403);
  const one = (await (await claim('first')).json()) as Claim;
  const again = (await (await claim('first')).json()) as Claim;
  expect(again.job).toBe(one.job);
  expect((await claim('second')).status).toBe(401);
  await say(again, 'complete', { outcome: 'success' });
});

test('an empty pool answers 204', async () => {
  const token = await api.deps.claimTokens.issue('empty');
  const response = await api.ask('/api/v1/agent/claim', {
    method: 'POST',
    token,
    json: { pool: 'empty', agent: 'nobody' },
  });
  expect(response.status).toBe(204);
});

test('steps, log and outcome of a job are taken under its token', async () => {
  const claim = await start();
  expect((await say(claim, 'steps', { name: 'test', state: 'running' })).status).toBe(204);
  expect(await (await chunk(claim, 1, 'one\n')).json()).toEqual({ answer: 'written', have: 1 });
  expect(await (await chunk(claim, 1, 'one\n')).json()).toEqual({ answer: 'dup', have: 1 });
  expect(await (await chunk(claim, 3, 'three\n')).json()).toEqual({ answer: 'gap', have: 1 });
  expect((await say(claim, 'workflows', { workflows: ['docs'] })).status).toBe(204);
  const outcome = { outcome: 'failure', exitCode: 2, reason: 'step "test" failed with exit code 2' };
  expect(await (await say(claim, 'complete', outcome)).json()).toEqual({ answer: 'done' });
  const { job } = (await api.queue.job(claim.job)) ?? {};
  expect(job).toMatchObject({ state: 'failure', exitCode: 2, steps: [{ name: 'test' }] });
  const pipeline = await api.queue.pipeline(job?.pipeline ?? '');
  expect(pipeline?.jobs).toHaveLength(2);
  await api.queue.cancel(pipeline?.jobs.find((id) => id !== claim.job) ?? '', 'test');
});

test('what a tree holds becomes jobs in the pools that their labels ask for, with groups of their repository', async () => {
  const claim = await start();
  const jobs = [
    { workflow: 'build', entry: 2, axes: { os: 'linux' }, labels: { platform: 'linux/arm64' } },
    { workflow: 'deploy', needs: ['build-2'], group: { name: 'production', limit: 1 } },
  ];
  const refused = await say(claim, 'workflows', { jobs: [{ workflow: 'x', labels: { pool: 'gpu' } }] });
  expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
    422,
    'No pool is like the labels ask for (pool: gpu). They may say `pool` and `platform`; there is default (linux/amd64), spark (linux/arm64).',
  ]);
  expect((await say(claim, 'workflows', { jobs })).status).toBe(204);
  await say(claim, 'complete', { outcome: 'success' });
  const { job } = (await api.queue.job(claim.job)) ?? {};
  const [, build = '', deploy = ''] = (await api.queue.pipeline(job?.pipeline ?? ''))?.jobs ?? [];
  expect((await api.queue.job(build))?.job).toMatchObject({ pool: 'spark', spec: { axes: { os: 'linux' } } });
  const { jobs: waiting } = await api.queue.waiting({ limit: 50 });
  expect(waiting.find(({ job: { id } }) => id === deploy)).toMatchObject({
    group: `${job?.spec.repository} production`,
    needs: ['build-2'],
  });
  for (const id of [build, deploy]) await api.queue.cancel(id, 'test');
});

test('a job that ends its pipeline cancels the others, however often that is told', async () => {
  const claim = await start();
  await say(claim, 'workflows', { jobs: [{ workflow: 'build' }] });
  const failure = { outcome: 'failure', endsPipeline: true };
  expect(await (await say(claim, 'complete', failure)).json()).toEqual({ answer: 'done' });
  expect(await (await say(claim, 'complete', failure)).json()).toEqual({ answer: 'dup' });
  const { job } = (await api.queue.job(claim.job)) ?? {};
  const [, build = ''] = (await api.queue.pipeline(job?.pipeline ?? ''))?.jobs ?? [];
  expect((await api.queue.job(build))?.job).toMatchObject({
    state: 'cancelled',
    reason: `cancelled by job ${claim.job.slice(0, 8)}, which failed`,
  });
});

test('a token opens its own job and no other', async () => {
  const [one, two] = [await start(), await start()];
  for (const path of ['heartbeat', 'steps', 'workflows', 'complete'])
    expect((await say({ job: two.job, token: one.token }, path)).status).toBe(403);
  expect((await chunk({ ...two, token: one.token }, 1, 'x')).status).toBe(403);
  for (const claim of [one, two]) await say(claim, 'complete', { outcome: 'success' });
});

test('a token ends with its job: only the repeat of the end is answered, and changes nothing', async () => {
  const claim = await start();
  await say(claim, 'complete', { outcome: 'success' });
  expect((await say(claim, 'heartbeat')).status).toBe(403);
  expect((await say(claim, 'steps', { name: 'late', state: 'running' })).status).toBe(403);
  expect((await chunk(claim, 1, 'late')).status).toBe(403);
  expect(await (await say(claim, 'complete', { outcome: 'failure' })).json()).toEqual({ answer: 'dup' });
  expect((await api.queue.job(claim.job))?.job.state).toBe('success');
});

test('a token ends with its fence: who lost its job can tell nothing more', async () => {
  const claim = await start();
  const lost = await api.ask(`/api/v1/agents/${claim.agent}/lost`, {
    method: 'POST',
    token: api.tokens.launcher,
    json: { reason: 'killed by signal 9' },
  });
  expect(lost.status).toBe(204);
  for (const path of ['heartbeat', 'complete'])
    expect((await say(claim, path, path === 'complete' ? { outcome: 'success' } : {})).status).toBe(403);
  const again = await api.claim('its-successor');
  expect(again).toMatchObject({ job: claim.job, attempt: 2 });
  await say(again, 'complete', { outcome: 'success' });
});

test('a held heartbeat is answered at once when the job is cancelled', async () => {
  const claim = await start();
  const held = say(claim, 'heartbeat?wait=10000');
  const start0 = performance.now();
  // Answered only by the cancel, whichever of the two comes first.
  await api.admin(`/api/v1/jobs/${claim.job}/cancel`, { method: 'POST' });
  expect(await (await held).json()).toEqual({ answer: 'cancel' });
  expect(performance.now() - start0).toBeLessThan(5000);
  await say(claim, 'complete', { outcome: 'cancelled' });
});

test('a held heartbeat with nothing to hear is answered ok when its time is over', async () => {
  const claim = await start();
  expect(await (await say(claim, 'heartbeat?wait=20')).json()).toEqual({ answer: 'ok' });
  expect(await (await say(claim, 'heartbeat')).json()).toEqual({ answer: 'ok' });
  await say(claim, 'complete', { outcome: 'success' });
});

test.each([
  ['a step without a name', 'steps', { state: 'running' }],
  ['an unknown outcome', 'complete', { outcome: 'great' }],
  ['an unknown key', 'complete', { outcome: 'success', root: true }],
  ['a workflow that is a path', 'workflows', { workflows: ['../x'] }],
])('%s is 400, and says what was expected', async (_, path, json) => {
  const claim = await start();
  const response = await say(claim, path, json);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    status: 400,
    detail: expect.stringContaining('not as expected'),
  });
  await say(claim, 'complete', { outcome: 'success' });
});

test('a chunk over 64 KiB and a JSON body without end are 413', async () => {
  const claim = await start();
  expect((await chunk(claim, 1, Buffer.alloc(66 * 1024 + 1))).status).toBe(413);
  expect((await say(claim, 'steps', { name: 'x'.repeat(100_000) })).status).toBe(413);
  await say(claim, 'complete', { outcome: 'success' });
});

test('a job of a forge that is no longer registered is not handed out with a made-up address', async () => {
  await api.queue.enqueue(
    toRequest([toNewJob({ pool: 'hub', spec: toSpec({ repository: 'github/ada/engine' }) })]),
  );
  await expect(api.claim('stranger', 'hub')).rejects.toThrow('500');
});

test('a log that finds no room is told so by another status than an outage, and the job can end', async () => {
  const claim = await start();
  await api.commands.config('SET', 'maxmemory', 1);
  expect((await chunk(claim, 1, 'one\n')).status).toBe(507);
  expect(await (await say(claim, 'complete', { outcome: 'success' })).json()).toEqual({ answer: 'done' });
  await api.commands.config('SET', 'maxmemory', 0);
});
