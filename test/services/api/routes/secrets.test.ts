import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { JobSecrets, JobSpec } from '../../../../services/core/job/index.ts';
import { openTestApi, repository, type TestApi } from '../../../support/api.ts';
import { toNewJob, toRequest, toSpec } from '../../../support/job.ts';

const pull = { event: 'pull_request', ref: 'refs/pull/1/head', branch: 'main' } as const;
let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
});

const path = `/api/v1/repositories/${repository.id}/secrets`;
const put = (name: string, value: string | Uint8Array<ArrayBuffer>, query = '') =>
  api.admin(`${path}/${name}${query}`, { method: 'PUT', body: value });

async function ask(names: string, spec: Partial<JobSpec> = {}): Promise<JobSecrets> {
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: repository.id, ...spec }) })]));
  const { job, token, fence } = await api.claim('asker');
  const response = await api.ask(`/api/v1/agent/jobs/${job}/secrets?names=${names}`, { token });
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  expect(JSON.stringify((await api.queue.job(job))?.job)).not.toContain('hunter2');
  await api.queue.complete(job, fence, { outcome: 'success' });
  expect((await api.ask(`/api/v1/agent/jobs/${job}/secrets?names=${names}`, { token })).status).toBe(403);
  return (await response.json()) as JobSecrets;
}

test('a secret is written and listed, and no answer ever holds its value', async () => {
  const texts = [];
  for (const response of [await put('NPM_Token', 'hunter2'), await api.admin(path)]) {
    expect(response.status).toBe(200);
    texts.push(await response.text());
  }
  expect(JSON.parse(texts[1] ?? '')).toEqual({
    secrets: [
      {
        name: 'npm_token',
        events: ['push', 'tag', 'manual', 'cron', 'release', 'deployment'],
        setBy: 'admin-token',
        setAt: expect.any(Number),
      },
    ],
  });
  expect(texts.join()).not.toContain('hunter2');
  expect((await api.admin(`${path}/npm_token`)).status).toBe(404);
  const remove = () => api.admin(`${path}/npm_token`, { method: 'DELETE' });
  expect([(await remove()).status, (await remove()).status]).toEqual([204, 404]);
});

test.each([
  ['', '', 422],
  ['a\0b', '', 422],
  [Uint8Array.of(0xff, 0xfe), '', 422],
  ['x'.repeat(65_537), '', 413],
  ['hunter2', '?events=push,nonsense', 400],
  ['hunter2', '?branches=release/{a', 422],
  ['hunter2', '?branches=', 400],
  ['short', '', 422],
  [' short ', '', 422],
])('a value like %j with %j is refused', async (value, query, status) => {
  expect((await put('token', value, query)).status).toBe(status);
  expect((await put('to ken', 'hunter2')).status).toBe(400);
  expect((await api.admin(path.replace('forge-bell', 'other'))).status).toBe(404);
});

test('a job gets what it names of its own repository and event, and is told why it gets no more', async () => {
  await put('token', 'hunter2');
  await put('for_tags', 'hunter3', '?events=tag');
  const answer = await ask('token,FOR_TAGS,none');
  expect(answer.secrets).toEqual({ token: 'hunter2' });
  expect(answer.refused).toEqual({
    for_tags: 'it is for tag, and this is push',
    none: `${repository.id} has none of this name: ./bellows secret set ${repository.id} none`,
  });
});

test.each<[string, Partial<JobSpec>, boolean]>([
  [
    'a pull request of the repository itself',
    { event: 'pull_request', pullRequest: { number: 1, head: 'x', fork: false } },
    true,
  ],
  [
    "a fork's pull request",
    { event: 'pull_request', pullRequest: { number: 1, head: 'x', fork: true } },
    false,
  ],
  [
    "a fork's pull request run by hand",
    { event: 'manual', pullRequest: { number: 1, head: 'x', fork: true } },
    false,
  ],
  ['the ref of a pull request run by hand', { event: 'manual', ref: 'refs/pull/1/head' }, false],
  ['a commit of nobody knows whom', { event: 'manual', ref: 'refs/heads/main', foreign: true }, false],
])(
  'what a stranger may have written gets no secret, whatever the event: %s, %j → %s',
  async (_what, spec, isGiven) => {
    await put('token', 'hunter2', '?events=push,tag,pull_request,manual,cron');
    const answer = await ask('token', { ref: 'refs/pull/1/head', ...spec });
    expect(answer.secrets).toEqual(isGiven ? { token: 'hunter2' } : {});
    expect(Object.keys(answer.refused)).toEqual(isGiven ? [] : ['token']);
  },
);

test.each<[string, Partial<JobSpec>, boolean]>([
  ['main,release/*', {}, true],
  ['main,release/*', { ref: 'refs/heads/release/2', branch: 'release/2' }, true],
  ['main,release/*', { ref: 'refs/heads/release/2/x', branch: 'release/2/x' }, false],
  // Whoever may push a tag may call it main.
  ['main', { event: 'tag', ref: 'refs/tags/main', branch: 'main' }, false],
  ['refs/tags/v*', { event: 'tag', ref: 'refs/tags/v1', branch: 'v1' }, true],
  ['refs/**', { event: 'tag', ref: 'refs/tags/v1', branch: 'v1' }, true],
  // Whoever opens a pull request chooses its target.
  ['main', { ...pull, pullRequest: { number: 1, head: 'x', fork: false } }, false],
  ['x', { ...pull, pullRequest: { number: 1, head: 'x', fork: false } }, true],
  ['x', { ...pull, pullRequest: { number: 1, head: 'x', fork: true } }, false],
])('a secret for %s is given to a job of %j: %s', async (branches, spec, isGiven) => {
  const events = 'push,tag,pull_request';
  const made = await put('token', 'hunter2', `?events=${events}&branches=${encodeURIComponent(branches)}`);
  expect(await made.json()).toMatchObject({ branches: branches.split(',') });
  // Setting it anew keeps who is given it.
  await put('token', 'hunter2');
  const { secrets, refused } = await ask('token', spec);
  expect(secrets).toEqual(isGiven ? { token: 'hunter2' } : {});
  if (!isGiven) expect(refused.token).toMatch(/it is for .*, and this is refs\/|somebody who cannot push/);
});

test('one job cannot ask in the name of another, and secrets go with their repository', async () => {
  await put('token', 'hunter2');
  await api.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: repository.id }) })]));
  const { token } = await api.claim('asker');
  const other = await api.ask(`/api/v1/agent/jobs/${'0'.repeat(20)}/secrets?names=token`, { token });
  expect(other.status).toBe(403);
  await api.admin(`/api/v1/repositories/${repository.id}`, { method: 'DELETE' });
  await api.deps.repositories.put(repository);
  expect(await (await api.admin(path)).json()).toEqual({ secrets: [] });
});

test('without a key nothing is kept, and the answer says what to do', async () => {
  const closed = await openTestApi({ repositorySecrets: undefined });
  try {
    await closed.deps.repositories.put(repository);
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const at = method === 'GET' ? path : `${path}/token`;
      const response = await closed.admin(at, method === 'PUT' ? { method, body: 'x' } : { method });
      expect(response.status).toBe(503);
      expect(await response.text()).toContain('secrets-key in BELLOWS_SECRETS_DIR');
    }
    await closed.queue.enqueue(toRequest([toNewJob({ spec: toSpec({ repository: repository.id }) })]));
    const { job, token } = await closed.claim('asker');
    const response = await closed.ask(`/api/v1/agent/jobs/${job}/secrets?names=a`, { token });
    expect(await response.json()).toEqual({
      secrets: {},
      refused: { a: expect.stringContaining('secrets-key') },
    });
  } finally {
    await closed.close();
  }
});
