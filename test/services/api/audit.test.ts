import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { accessRules } from '../../../services/api/access-rules.ts';
import { createHeadExport } from '../../../services/api/audit-heads.ts';
import { AccessError } from '../../../services/core/access/index.ts';
import { type AuditRecord, parseHeads } from '../../../services/core/audit/index.ts';
import { createLog } from '../../../services/core/log/index.ts';
import { openTestApi, repository, type TestApi } from '../../support/api.ts';

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
});
afterEach(() => api.close());

const path = `/api/v1/repositories/${repository.id}`;
const records = async (): Promise<AuditRecord[]> => {
  await api.deps.audit.writeRefusals();
  const { entries } = await api.deps.audit.read({ after: 0, limit: 500 });
  return entries.map(({ text }) => JSON.parse(text));
};

test('a change is written down before it is made and after, with the answer', async () => {
  const seen: (AuditRecord | undefined)[] = [];
  const { put } = api.deps.repositories;
  api.deps.repositories.put = async (given) => {
    seen.push((await records()).at(-1));
    return put(given);
  };
  expect((await api.admin(path, { method: 'PUT', json: repository })).status).toBe(200);
  const who = {
    actor: 'admin-token',
    action: 'PUT /api/v1/repositories/:forge/:owner/:name',
    target: path,
    address: 'unknown',
  };
  expect(seen).toMatchObject([{ n: 1, event: 'begun', ...who }]);
  expect(await records()).toMatchObject([
    { n: 1, event: 'begun', ...who },
    { n: 2, event: 'ended', ...who, status: 200, of: 1 },
  ]);
});

test('what cannot be written down is not done', async () => {
  api.deps.audit.append = () => Promise.reject(new AccessError('gone'));
  const response = await api.admin(path, { method: 'PUT', json: repository });
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5']);
  expect(await api.deps.repositories.list()).toEqual([]);
});

test('a change whose end cannot be written down is answered as it was, and stands in the log as begun', async () => {
  const { append } = api.deps.audit;
  api.deps.audit.append = (record) =>
    record.event === 'ended' ? Promise.reject(new AccessError('gone')) : append(record);
  expect((await api.admin(path, { method: 'PUT', json: repository })).status).toBe(200);
  expect(await records()).toMatchObject([{ event: 'begun' }]);
});

test('every route that changes something is written down when a person takes it', async () => {
  const changes = Object.entries(accessRules).filter(
    ([route, who]) => !route.startsWith('GET ') && who !== 'open' && !route.includes(' /api/v1/agent/'),
  );
  for (const [route] of changes) {
    const [method = '', pattern = ''] = route.split(' ');
    const before = (await records()).length;
    await api.admin(pattern.replace(/:\w+/g, 'x'), { method });
    // The route may refuse this person for a reason of its own, which is counted beside it.
    const written = (await records()).slice(before).filter(({ event }) => event !== 'refused');
    const actions = written.map(({ event, action }) => [event, action]);
    expect(actions).toEqual([
      ['begun', route],
      ['ended', route],
    ]);
  }
});

test('what a launcher and agents do all day is not, but what a launcher registers is', async () => {
  const launcher = api.tokens.launcher;
  const json = { pool: 'default' };
  expect((await api.ask('/api/v1/claim-tokens', { method: 'POST', token: launcher, json })).status).toBe(200);
  expect(await records()).toEqual([]);
  expect((await api.ask(path, { method: 'PUT', token: launcher, json: repository })).status).toBe(200);
  expect((await records()).map(({ actor }) => actor)).toEqual(['launcher', 'launcher']);
});

test('a sign-in by a code of a terminal is written down, and none happens where that cannot be', async () => {
  const open = async () => api.ask(`/?code=${await api.deps.pageCodes.issue('/')}`);
  expect((await open()).headers.get('set-cookie')).toContain('bellows_session=');
  expect(await records()).toMatchObject([
    { event: 'signed in', actor: expect.stringMatching(/^page-code:/), target: '/' },
  ]);
  api.deps.audit.append = () => Promise.reject(new AccessError('gone'));
  const refused = await open();
  expect([refused.status, refused.headers.get('set-cookie')]).toEqual([503, null]);
});

test('who was refused is counted by who, what and where from; a passer-by is not', async () => {
  for (let i = 0; i < 3; i++) await api.ask('/api/v1/jobs', { token: 'guess' });
  await api.ask('/api/v1/audit', { token: api.tokens.launcher });
  await api.ask('/api/v1/jobs');
  await api.ask('/webhooks/gitea', { method: 'POST', body: '{}', headers: { authorization: 'Bearer x' } });
  expect((await records()).sort((a, b) => (a.actor < b.actor ? -1 : 1))).toMatchObject([
    { event: 'refused', actor: 'launcher', action: 'GET /api/v1/audit', status: 403, times: 1 },
    { event: 'refused', actor: 'nobody', action: 'GET /api/v1/jobs', status: 401, times: 3 },
  ]);
});

test('the log is read by its owner, newest first or from a record on, with the refusals of this minute', async () => {
  await api.admin(path, { method: 'PUT', json: repository });
  await api.ask('/api/v1/jobs', { token: 'guess' });
  const read = async (query: string) => {
    const page = (await (await api.admin(`/api/v1/audit${query}`)).json()) as { entries: { n: number }[] };
    return page.entries.map(({ n }) => n);
  };
  expect(await read('')).toEqual([3, 2, 1]);
  expect(await read('?before=3&limit=1')).toEqual([2]);
  expect(await read('?after=1')).toEqual([2, 3]);
  for (const query of ['?limit=0', '?limit=501', '?after=-1', '?before=x'])
    expect((await api.admin(`/api/v1/audit${query}`)).status).toBe(400);
});

test('a trigger is written down with its repository and its job', async () => {
  await api.deps.repositories.put(repository);
  const json = { repository: repository.id, ref: 'refs/heads/main', sha: 'a'.repeat(40) };
  const { jobs } = (await (await api.admin('/api/v1/jobs', { method: 'POST', json })).json()) as {
    jobs: string[];
  };
  expect((await records()).map(({ target }) => target)).toEqual([
    '/api/v1/jobs',
    `${repository.id} ${jobs[0]}`,
  ]);
});

test('the head is told once for each time it moved, to a file of its owner and as a figure', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-heads-'));
  const file = join(folder, 'audit-heads');
  const { audit, metrics } = api.deps;
  const heads = createHeadExport({ audit, metrics, log: createLog('test', 'silent'), file });
  const told = [];
  await heads.tell();
  for (let i = 0; i < 2; i++) {
    await audit.append({ event: 'begun', actor: 'a', action: 'b', target: 'c' });
    told.push(await audit.head());
    await heads.tell();
    await heads.tell();
  }
  await heads.measure();
  expect(parseHeads(await readFile(file, 'utf8'))).toEqual(told);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await metrics.render()).toContain('bellows_audit_head 2');
  await rm(folder, { recursive: true });
});
