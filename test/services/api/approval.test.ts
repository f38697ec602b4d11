import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { mayApprove, toAwaits } from '../../../services/api/approval.ts';
import type { Accepted, Job, JobAnswer, JobSpec, RepositoryPatch } from '../../../services/core/job/index.ts';
import { openTestApi, openTestForge, repository, type TestApi } from '../../support/api.ts';
import { toSpec } from '../../support/job.ts';
import { readFixture } from '../../support/webhook.ts';

const head = 'a'.repeat(40);
let forge: Awaited<ReturnType<typeof openTestForge>>;
let api: TestApi;
beforeAll(async () => {
  forge = await openTestForge({ 'refs/heads/main': head, 'refs/pull/4/head': 'c'.repeat(40) });
  api = await openTestApi({ origins: { gitea: forge.origin } });
});
beforeEach(async () => {
  await api.commands.flushall();
  await api.deps.repositories.put(repository);
});
afterAll(async () => {
  await api.close();
  await forge.close();
});

/** What Gitea sends when user 9, grace, opens #4 from her fork, changed. */
function toPayload(change: (payload: Payload) => void = () => undefined): string {
  const payload = JSON.parse(readFixture('gitea', 'pull-request-from-fork').toString()) as Payload;
  change(payload);
  return JSON.stringify(payload);
}
interface Payload {
  action: string;
  sender: { id: number; login: string };
  pull_request: {
    title: string;
    user: { id: number; login: string; full_name: string };
    head: { sha: string };
  };
}

const send = async (change?: (payload: Payload) => void): Promise<Job> => {
  const response = await api.hook(toPayload(change), 'pull_request');
  expect(response.status).toBe(202);
  const { jobs } = (await response.json()) as Accepted;
  return job(jobs[0]);
};
const push = async (sha: string) =>
  send((payload) => {
    payload.action = 'synchronized';
    payload.pull_request.head.sha = sha;
  });
const job = async (id = ''): Promise<Job> =>
  ((await (await api.admin(`/api/v1/jobs/${id}`)).json()) as JobAnswer).job;
const set = (json: RepositoryPatch) =>
  api.admin(`/api/v1/repositories/${repository.id}`, { method: 'PATCH', json });
const trigger = async (json: object, token = api.tokens.admin) => {
  const body = { repository: repository.id, ...json };
  const response = await api.ask('/api/v1/jobs', { method: 'POST', token, json: body });
  expect(response.status).toBe(202);
  return job(((await response.json()) as Accepted).jobs[0]);
};
/** An API token of somebody who signed in at the forge. */
const signIn = async (id: number, role: 'trigger' | 'admin' = 'trigger') => {
  const person = { actor: `user:gitea:${id}`, name: 'ada' };
  const made = await api.deps.apiTokens.create({
    name: `u${id}`,
    role,
    createdBy: 'test',
    expiresAt: Date.now() + 60_000,
    person,
  });
  if (typeof made === 'string') throw new Error(made);
  return made.token;
};

test("a fork's pull request waits, and the reason names who asks and for what, by what no one can choose", async () => {
  const waiting = await send();
  expect(waiting).toMatchObject({ state: 'waiting', awaits: true });
  expect(waiting.reason).toBe(
    "awaits approval: a fork's pull request #4 of grace, gitea user 9, at commit 18ac3e7343f0",
  );
  expect(await api.queue.pools()).toEqual([]);
});

test('who is trusted is who the forge says it is, whatever names, titles and commits say (CVE-2026-58370)', async () => {
  await set({ trusted: [3] });
  const spoofed = await send((payload) => {
    payload.pull_request.title = 'ada';
    payload.pull_request.user.login = 'ada';
    payload.pull_request.user.full_name = 'Ada';
    payload.sender = { id: 3, login: 'ada' };
  });
  expect(spoofed.state).toBe('waiting');
  await set({ trusted: [9] });
  expect((await push('b'.repeat(40))).state).toBe('queued');
});

test('trusted must be who opened it and who moved it: neither vouches for the other', async () => {
  for (const [trusted, by] of [
    [[9], 3],
    [[3], 3],
    [[3, 9], 0],
  ] as const) {
    await set({ trusted: [...trusted] });
    const { state } = await send((payload) => {
      payload.pull_request.head.sha = `${trusted.length}${trusted[0]}`.repeat(20);
      payload.sender.id = by;
    });
    expect([trusted, by, state]).toEqual([trusted, by, 'waiting']);
  }
});

test('an approval is for one commit: the next push waits again, and the one before cannot be approved for it', async () => {
  const first = await send();
  const approve = (pipeline: string, sha: string) =>
    api.admin(`/api/v1/pipelines/${pipeline}/approve`, { method: 'POST', json: { sha } });
  expect((await approve(first.pipeline, first.spec.sha)).status).toBe(200);
  expect((await job(first.id)).state).toBe('queued');
  const second = await push('b'.repeat(40));
  expect([second.state, second.pipeline === first.pipeline]).toEqual(['waiting', false]);
  expect((await approve(second.pipeline, first.spec.sha)).status).toBe(409);
  expect((await approve(first.pipeline, second.spec.sha)).status).toBe(409);
  expect((await job(second.id)).state).toBe('waiting');
});

test('only those whom the repository names approve, by their number, and admins; the audit log says what they saw', async () => {
  const [named, other, owner] = [await signIn(7), await signIn(8), await signIn(1, 'admin')];
  await set({ approvers: [7] });
  const { pipeline, spec } = await send();
  const decide = (token: string, what: string) =>
    api.ask(`/api/v1/pipelines/${pipeline}/${what}`, { method: 'POST', token, json: { sha: spec.sha } });
  expect([(await decide(other, 'approve')).status, (await decide(other, 'skip')).status]).toEqual([403, 403]);
  const approved = await decide(named, 'approve');
  expect([approved.status, await approved.json()]).toEqual([
    200,
    {
      jobs: 1,
      about: `a fork's pull request #4 of grace, gitea user 9, at commit 18ac3e7343f0 in ${repository.id}`,
    },
  ]);
  const { entries } = await api.deps.audit.read({ before: 1e9, limit: 1 });
  expect(JSON.parse(entries[0]?.text ?? '')).toMatchObject({
    actor: 'user:gitea:7 (ada)',
    target: expect.stringMatching(
      /^[0-9a-f]{20} a fork's pull request #4 of grace, gitea user 9, at commit 18ac/,
    ),
  });
  const next = await push('b'.repeat(40));
  expect(
    (
      await api.ask(`/api/v1/pipelines/${next.pipeline}/skip`, {
        method: 'POST',
        token: owner,
        json: { sha: next.spec.sha },
      })
    ).status,
  ).toBe(200);
  await set({ approvers: null });
  expect(await api.deps.repositories.get(repository.id)).not.toHaveProperty('approvers');
});

test.each(['issue_comment', 'pull_request_comment', 'pull_request_review', 'issues'])(
  'nothing that is written beside a pull request starts anything: %s',
  async (event) => {
    const response = await api.hook(toPayload(), event);
    expect([response.status, await response.json()]).toEqual([
      200,
      expect.objectContaining({ answer: 'ignored' }),
    ]);
    expect((await api.queue.jobs({ limit: 1 })).jobs).toEqual([]);
  },
);

test.each(['labeled', 'label_updated', 'edited', 'assigned', 'review_requested', 'ready_for_review'])(
  'no action beside a push and an opening starts anything: %s',
  async (action) => {
    const body = toPayload((payload) => {
      payload.action = action;
    });
    expect((await api.hook(body, 'pull_request')).status).toBe(200);
    expect((await api.queue.jobs({ limit: 1 })).jobs).toEqual([]);
  },
);

test("a pull request's ref waits, since it may have moved after somebody looked; its commit, named by whoever may approve, does not", async () => {
  const ref = 'refs/pull/4/head';
  const byRef = await trigger({ ref });
  expect([byRef.state, byRef.reason]).toEqual(['waiting', expect.stringContaining('commit cccccccccccc')]);
  expect((await trigger({ ref, sha: 'c'.repeat(40) })).state).toBe('queued');
  await set({ approvers: [7] });
  expect((await trigger({ ref, sha: 'c'.repeat(40) }, await signIn(8))).state).toBe('waiting');
  expect((await trigger({ ref, sha: 'c'.repeat(40) }, await signIn(7))).state).toBe('queued');
});

test('a commit that nobody is known to have pushed is nobody’s, whatever branch it is said to be of', async () => {
  await set({ approvers: [7] });
  const stranger = await signIn(8);
  const fork = await trigger({ ref: 'refs/heads/main', sha: 'd'.repeat(40) }, stranger);
  expect(fork).toMatchObject({ state: 'waiting', spec: { foreign: true } });
  forge.setDown(true);
  expect((await trigger({ sha: 'e'.repeat(40) }, stranger)).spec.foreign).toBe(true);
  forge.setDown(false);
  expect((await trigger({ sha: head }, stranger)).spec).not.toHaveProperty('foreign');
  // Another time it is no head any more, and a job was made of it.
  forge.refs['refs/heads/main'] = 'f'.repeat(40);
  expect((await trigger({ sha: head }, stranger)).spec).not.toHaveProperty('foreign');
  forge.refs['refs/heads/main'] = head;
});

test('looking is not asking: a viewer starts and approves nothing', async () => {
  const made = await api.deps.apiTokens.create({
    name: 'viewer',
    role: 'view',
    createdBy: 'test',
    expiresAt: Date.now() + 60_000,
  });
  if (typeof made === 'string') throw new Error(made);
  const { pipeline, spec } = await send();
  const ask = (path: string, json: object) => api.ask(path, { method: 'POST', token: made.token, json });
  expect((await ask('/api/v1/jobs', { repository: repository.id })).status).toBe(403);
  expect((await ask(`/api/v1/pipelines/${pipeline}/approve`, { sha: spec.sha })).status).toBe(403);
});

const pull = (fork: boolean): Partial<JobSpec> => ({
  event: 'pull_request',
  ref: 'refs/pull/4/head',
  movedBy: 9,
  pullRequest: { number: 4, head: 'x', fork, openedBy: 9 },
});

test.each<[NonNullable<typeof repository.approval>, boolean[]]>([
  ['forks', [true, false, false]],
  ['pull_requests', [true, true, false]],
  ['all_events', [true, true, true]],
  ['none', [false, false, false]],
])('with %s wait: a fork, a pull request of the repository, a push: %j', (approval, expected) => {
  const specs = [toSpec(pull(true)), toSpec(pull(false)), toSpec({ movedBy: 9 })];
  const awaits = (trusted: number[]) =>
    specs.map((spec) => toAwaits({ ...repository, approval, trusted }, spec) !== undefined);
  expect(awaits([])).toEqual(expected);
  expect(awaits([9])).toEqual([false, false, false]);
});

test('a machine approves nothing, and a number of another forge is another person', () => {
  expect(mayApprove(repository, { role: 'launcher' })).toBe(false);
  const person = { role: 'trigger', actor: 'user:github:7' } as const;
  expect(mayApprove({ ...repository, approvers: [7] }, person)).toBe(false);
  expect(mayApprove({ ...repository, approvers: [7] }, { ...person, actor: 'user:gitea:7' })).toBe(true);
});
