import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestApi, type TestApi } from '../../../support/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const hash = (text: string) => `sha256-${createHash('sha256').update(text).digest('base64')}`;

test('the explorer has every operation and every schema of the document', async () => {
  const page = await (await api.admin('/api/v1/docs')).text();
  const document = (await (await api.admin('/api/v1/openapi.json')).json()) as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  for (const item of Object.values(document.paths))
    for (const { operationId } of Object.values(item)) expect(page).toContain(`id="${operationId}"`);
  for (const name of Object.keys(document.components.schemas)) expect(page).toContain(`id="schema-${name}"`);
});

test('the explorer runs its own script and sheet only, and asks nobody but the api', async () => {
  const response = await api.admin('/api/v1/docs');
  const page = await response.text();
  const policy = response.headers.get('content-security-policy') ?? '';
  const [, style = ''] = /<style>(.*?)<\/style>/s.exec(page) ?? [];
  const [, script = ''] = /<script>(.*?)<\/script>/s.exec(page) ?? [];
  expect(policy).toContain(`script-src '${hash(script)}'`);
  expect(policy).toContain(`style-src '${hash(style)}'`);
  expect(policy).toContain("default-src 'none'");
  expect(page.match(/<script|<link|<img|<iframe|\son\w+=|style="/g)).toEqual(['<link', '<script']);
  expect(page.match(/(?:src|href)="(?!#|data:|\/api\/)[^"]*"/g)).toBeNull();
});

test('a browser without a session is told by a page how to come in', async () => {
  const response = await api.ask('/api/v1/docs', { headers: { accept: 'text/html' } });
  expect([response.status, response.headers.get('content-type')]).toEqual([401, 'text/html; charset=utf-8']);
  const code = await api.deps.pageCodes.issue('/api/v1/docs');
  const opened = await api.ask(`/api/v1/docs?code=${code}`);
  const cookie = opened.headers.get('set-cookie')?.split(';')[0] ?? '';
  expect([opened.status, (await api.ask('/api/v1/docs', { headers: { cookie } })).status]).toEqual([
    303, 200,
  ]);
});
