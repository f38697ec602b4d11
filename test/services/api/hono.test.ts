import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { z } from 'zod';
import { hashToken } from '../../../services/core/access/index.ts';
import { openTestApi, type TestApi } from '../../support/api.ts';

/** What was wrong in Hono once, held against our own door: it must not come back with another version. */

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const jobs = '/api/v1/jobs';
const status = async (path: string, headers: Record<string, string> = {}) =>
  (await api.ask(path, { headers })).status;

test('the version is pinned, and is one that has the known repairs', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', '..', 'package.json'), 'utf8');
  const { hono } = z
    .object({ dependencies: z.object({ hono: z.string() }) })
    .parse(JSON.parse(text)).dependencies;
  expect(hono).toMatch(/^\d+\.\d+\.\d+$/);
  const [major = 0, minor = 0, patch = 0] = hono.split('.').map(Number);
  expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(4_012_021);
});

test('a token that names its own algorithm is no token: none, and HS256 under what is public (CVE-2026-22817)', async () => {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = part({ sub: 'admin', role: 'admin', exp: 4_000_000_000 });
  for (const alg of ['none', 'None', 'HS256', 'RS256']) {
    const signed = `${part({ alg, typ: 'JWT' })}.${claims}`;
    for (const key of ['', hashToken(api.tokens.admin), 'bellows']) {
      const mac = key === '' ? '' : createHmac('sha256', key).update(signed).digest('base64url');
      expect(await status(jobs, { authorization: `Bearer ${signed}.${mac}` })).toBe(401);
    }
  }
});

test('a good token under another scheme is none (CVE-2026-47673)', async () => {
  const { admin } = api.tokens;
  const basic = Buffer.from(`admin:${admin}`).toString('base64');
  for (const header of [
    `Token ${admin}`,
    `Basic ${basic}`,
    `Basic ${admin}`,
    `Bearers ${admin}`,
    admin,
    `Bearer${admin}`,
  ])
    expect([header, await status(jobs, { authorization: header })]).toEqual([header, 401]);
  expect(await status(jobs, { authorization: `Bearer ${admin}` })).toBe(200);
});

test('a host is one of ours as it is spelt, and no other spelling of its address is (CVE-2026-47674)', async () => {
  const authorization = `Bearer ${api.tokens.admin}`;
  for (const host of [
    '[::ffff:127.0.0.1]:7440',
    '[::1]:7440',
    '127.1:7440',
    '0x7f.0.0.1:7440',
    '2130706433:7440',
  ])
    expect([host, await status(jobs, { authorization, host })]).toEqual([host, 403]);
  expect(await status(jobs, { authorization, host: 'LOCALHOST:7440' })).toBe(200);
});

test('a cookie is read by its very name, and nothing in an address adds one (CVE-2026-47675)', async () => {
  const person = { role: 'view', actor: 'user:test:1' } as const;
  const session = await api.deps.sessions.start({ person, idleMs: 60_000, lastsMs: 60_000 });
  expect(await status(jobs, { cookie: `bellows_session=${session}` })).toBe(200);
  const others = [
    `bellows_session =${session}x`,
    `Bellows_Session=${session}`,
    `__Host-bellows_session=${session}`,
    `x="; bellows_session=${session}x"`,
    `bellows_session%3D${session}`,
  ];
  for (const cookie of others) expect([cookie, await status(jobs, { cookie })]).toEqual([cookie, 401]);
  const code = await api.deps.pageCodes.issue('/');
  const response = await api.ask(`/?code=${code}%0d%0aset-cookie:%20a=b`);
  expect([response.status, response.headers.get('set-cookie')]).toEqual([303, null]);
});

test('a letter that is written in percent opens nothing that its plain form does not (CVE-2026-47676)', async () => {
  for (const path of [
    '/%61pi/v1/jobs',
    '/api%2fv1%2fjobs',
    '/api/v1%2Fjobs',
    '/healthz%2f..%2fapi/v1/jobs',
    '/healthz/%2e%2e/api/v1/jobs',
    '/webhooks/%2e%2e/api/v1/jobs',
    '/sign-in/..%2fapi/v1/jobs',
    '/healthz%00',
    '/%68ealthz%2f',
  ])
    expect([path, await status(path)]).toEqual([path, 401]);
});

test('no address is a file: what climbs out of a folder finds nothing', async () => {
  for (const path of [
    '/..%2f..%2fetc/passwd',
    '/static/..%5c..%5cpackage.json',
    '/./package.json',
    '/jobs/..%2f..%2f.env',
  ]) {
    expect([path, await status(path)]).toEqual([path, 401]);
    expect([path, (await api.admin(path)).status]).toEqual([path, 404]);
  }
});
