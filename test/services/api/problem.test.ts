import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { problemSchema, problemTitles } from '../../../services/api/problem.ts';
import { openTestApi, type TestApi } from '../../support/api.ts';
import { toRequest } from '../../support/job.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const id = '0'.repeat(20);
const json = { 'content-type': 'application/json' };

test('every refusal says what it is, why, and of what, in the same words whoever refuses', async () => {
  const result = await api.queue.enqueue(toRequest());
  const job = result.answer === 'full' ? '' : (result.jobs[0] ?? '');
  const { token } = await api.claim('refused');
  const refusals: [number, string, RequestInit & { token?: string; json?: unknown }][] = [
    [400, '/api/v1/jobs?limit=0', {}],
    [400, '/api/v1/jobs/x', {}],
    [400, '/api/v1/jobs', { method: 'POST', headers: json, body: '{' }],
    [400, '/api/v1/events?from=x', {}],
    [401, '/api/v1/jobs', { token: 'nobody' }],
    [401, '/nothing', { token: 'nobody' }],
    [403, '/api/v1/jobs', { token: api.tokens.metrics }],
    [403, '/api/v1/jobs', { headers: { origin: 'http://evil.example' } }],
    [403, `/api/v1/agent/jobs/${id}/heartbeat`, { method: 'POST', token }],
    [404, `/api/v1/jobs/${id}`, {}],
    [404, `/api/v1/pipelines/${id}`, {}],
    [404, '/api/v1/nothing', {}],
    [404, '/api/v1/repositories/gitea/no/body', {}],
    [404, '/webhooks/nobody', { method: 'POST' }],
    [409, `/api/v1/jobs/${job}/retry`, { method: 'POST' }],
    [413, '/api/v1/jobs', { method: 'POST', headers: json, body: ' '.repeat(70_000) }],
    [415, '/api/v1/jobs', { method: 'POST', body: '{}' }],
    [416, `/api/v1/jobs/${job}/log`, { headers: { range: 'bytes=9-' } }],
    [422, '/api/v1/jobs?cursor=x', {}],
  ];
  for (const [status, path, init] of refusals) {
    const response = await api.ask(path, { token: api.tokens.admin, ...init });
    const body = problemSchema.parse(await response.json());
    expect([path, response.status, response.headers.get('content-type')]).toEqual([
      path,
      status,
      'application/problem+json',
    ]);
    expect(body).toEqual({
      type: 'about:blank',
      title: problemTitles[status as keyof typeof problemTitles],
      status,
      detail: expect.stringMatching(/^\S.*[.]$/),
      instance: path.replace(/\?.*/, ''),
    });
  }
});

test('what is asked for is not told back without end', async () => {
  const { instance } = problemSchema.parse(await (await api.admin(`/api/v1/${'x'.repeat(2000)}`)).json());
  expect(instance).toHaveLength(300);
});
