import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openJobSecrets } from '../../../services/api/job-secrets.ts';
import { toSignature } from '../../../services/core/forge/index.ts';
import { openTestApi, openTestForge, repository, type TestApi, webhookSecrets } from '../../support/api.ts';
import { readFixture } from '../../support/webhook.ts';

const main = '2e7d2c03a9507ae265ecf5b5356885a53393a202';
const tagged = '18ac3e7343f016890c510e93f935261169d9e3f5';
const onGithub = { ...repository, id: 'github/ada/forge-bell', forge: 'github' as const };
const read = (forge: 'gitea' | 'github', name: string) => JSON.parse(`${readFixture(forge, name)}`);

let api: TestApi;
let git: Awaited<ReturnType<typeof openTestForge>>;
beforeAll(async () => {
  git = await openTestForge({});
  api = await openTestApi({ origins: { gitea: git.origin, github: git.origin } });
});
afterAll(async () => {
  await api.close();
  await git.close();
});
afterEach(async () => {
  await api.commands.flushall();
  git.setDown(false);
  for (const ref of Object.keys(git.refs)) delete git.refs[ref];
});

const jobs = async () => (await api.queue.jobs({ limit: 20 })).jobs;
/** As Gitea, of a registered repository. */
const gitea = async (body: object, event: string, settings: object = {}) => {
  await api.deps.repositories.put({ ...repository, ...settings });
  const answer = await api.hook(JSON.stringify(body), event);
  return { status: answer.status, ...((await answer.json()) as { answer: string; reason?: string }) };
};
const github = async (body: object, event: string) => {
  await api.deps.repositories.put(onGithub);
  const text = JSON.stringify(body);
  const signature = toSignature(Buffer.from(text), webhookSecrets.github);
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  const answer = await api.ask('/webhooks/github', { method: 'POST', body: text, headers });
  return { status: answer.status, ...((await answer.json()) as { answer: string }) };
};

test('a release is one pipeline of the commit that its tag names, whoever tells of it how often', async () => {
  Object.assign(git.refs, {
    'refs/heads/main': main,
    'refs/tags/v1.2.0': 'b'.repeat(40),
    'refs/tags/v1.2.0^{}': tagged,
  });
  const release = read('gitea', 'release');
  expect(await gitea(release, 'release')).toMatchObject({ status: 202 });
  // Other bytes, the same event.
  expect(await gitea({ ...release, sender: null }, 'release')).toMatchObject({ status: 200, answer: 'dup' });
  expect(await jobs()).toHaveLength(1);
  expect((await jobs())[0]?.spec).toMatchObject({
    event: 'release',
    ref: 'refs/tags/v1.2.0',
    branch: 'main',
    sha: tagged,
    release: { title: 'Louder', pre: false },
  });
  expect((await api.queue.heads(repository.id)).size).toBe(0);
});

test('a release whose tag cannot be asked for now is not said to be taken', async () => {
  git.setDown(true);
  expect((await gitea(read('gitea', 'release'), 'release')).status).toBe(502);
  git.setDown(false);
  expect(await gitea(read('gitea', 'release'), 'release')).toMatchObject({ status: 200, answer: 'ignored' });
  git.refs['refs/tags/v1.2.0'] = tagged;
  expect((await gitea(read('gitea', 'release'), 'release')).status).toBe(202);
});

test('a tag of a mirror, of which Gitea says only what it holds, is built at its commit, and once', async () => {
  const object = '3f79bb7b435b05321651daefd374cdc681dc06fa';
  Object.assign(git.refs, { 'refs/tags/v1.2.0': object, 'refs/tags/v1.2.0^{}': tagged });
  const push = read('gitea', 'push-tag');
  const mirrored = { ...push, after: object, head_commit: null, commits: [] };
  git.setDown(true);
  expect((await gitea(mirrored, 'push')).status).toBe(502);
  git.setDown(false);
  expect((await gitea(mirrored, 'push')).status).toBe(202);
  expect((await gitea({ ...mirrored, pusher: null }, 'push')).answer).toBe('dup');
  expect((await jobs()).map(({ spec }) => [spec.event, spec.sha])).toEqual([['tag', tagged]]);
  expect((await api.queue.heads(repository.id)).get('refs/tags/v1.2.0')).toBe(object);
});

test('a deployment of what was pushed has secrets, and of any other commit it is a stranger’s', async () => {
  git.refs['refs/heads/main'] = main;
  const deployment = read('github', 'deployment');
  expect((await github(deployment, 'deployment')).status).toBe(202);
  const other = { ...deployment.deployment, id: 2, sha: 'c'.repeat(40) };
  expect((await github({ ...deployment, deployment: other }, 'deployment')).status).toBe(202);
  const [stranger, own] = await jobs();
  expect(own?.spec).toMatchObject({
    event: 'deployment',
    deployment: { target: 'production', task: 'deploy' },
  });
  expect([own?.state, own?.spec.foreign]).toEqual(['queued', undefined]);
  expect([stranger?.state, stranger?.awaits, stranger?.spec.foreign]).toEqual(['waiting', true, true]);
});

test('a closed pull request is one event, ends its ref, and of a fork awaits approval and gets no secret', async () => {
  const closed = read('gitea', 'pull-request-closed');
  expect((await gitea(read('gitea', 'pull-request-opened'), 'pull_request')).status).toBe(202);
  expect(await gitea(closed, 'pull_request')).toMatchObject({ status: 200, answer: 'gone' });
  expect(await gitea({ ...closed, sender: null }, 'pull_request')).toMatchObject({ answer: 'gone' });
  expect((await jobs()).map(({ spec }) => spec.event)).toEqual(['pull_request_closed', 'pull_request']);
  expect((await api.queue.heads(repository.id)).size).toBe(0);
  const fork = { ...closed.pull_request.head, repo: { ...closed.repository, id: 99 } };
  const strangers = { ...closed, number: 5, pull_request: { ...closed.pull_request, head: fork } };
  await gitea(strangers, 'pull_request');
  const [made] = await jobs();
  expect(made).toMatchObject({ state: 'waiting', awaits: true, spec: { pullRequest: { fork: true } } });
  const given = made && (await openJobSecrets(api.deps, made.spec, ['token']));
  expect(given).toEqual({ secrets: {}, refused: { token: expect.stringContaining('cannot push') } });
});

test('a closed pull request that finds no room is looked for again', async () => {
  await gitea(read('gitea', 'pull-request-opened'), 'pull_request');
  const full = { jobLimit: 1 };
  expect((await gitea(read('gitea', 'pull-request-closed'), 'pull_request', full)).status).toBe(503);
  expect((await api.queue.heads(repository.id)).has('refs/pull/4/head')).toBe(true);
});

test('what changes no commit starts something only where it is wanted, and nothing where it is not', async () => {
  const labelled = read('gitea', 'pull-request-label');
  expect(await gitea(labelled, 'pull_request')).toMatchObject({ status: 200, answer: 'ignored' });
  const events = ['pull_request_metadata'];
  expect((await gitea(labelled, 'pull_request', { events })).status).toBe(202);
  expect((await gitea(labelled, 'pull_request', { events })).answer).toBe('dup');
  expect((await jobs()).map(({ spec }) => [spec.event, spec.reason])).toEqual([
    ['pull_request_metadata', expect.stringMatching(/^label_/)],
  ]);
  expect(await gitea(read('gitea', 'pull-request-closed'), 'pull_request', { events })).toMatchObject({
    answer: 'gone',
  });
  expect(await jobs()).toHaveLength(1);
});

test('an hour that is full keeps a release for the next one', async () => {
  git.refs['refs/tags/v1.2.0'] = tagged;
  const perHour = { jobsPerHour: 1 };
  await gitea(read('gitea', 'push'), 'push', perHour);
  expect((await gitea(read('gitea', 'release'), 'release', perHour)).status).toBe(202);
  expect((await jobs()).map(({ state, spec }) => [spec.event, state])).toEqual([
    ['release', 'delayed'],
    ['push', 'queued'],
  ]);
});
