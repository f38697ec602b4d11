import type { KeyObject } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import {
  createAppTokens,
  createLookup,
  type ForgeAccess,
  type ForgeToken,
  LookupError,
  postStatus,
  putComment,
} from '../../../../services/core/forge/index.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';
import { type AppDouble, createAppDouble } from '../../../support/github-app.ts';

const start = Date.parse('2026-06-01T12:00:00Z');
const minute = 60_000;
let now: number;
let app: AppDouble;
let github: ForgeApi;
let token: Exclude<ForgeToken, string>;
beforeEach(async () => {
  now = start;
  app = createAppDouble({ now: () => now });
  app.installed.set('ada/bell', 7).set('ada/anvil', 7).set('grace/mill', 8);
  github = await openForgeApi({ app });
  const made = createAppTokens({ id: app.id, key: app.key }, { origin: github.origin, now: () => now });
  if (typeof made === 'string') throw new Error('a token for everything');
  token = made;
});
afterEach(() => github.close());

const access = (): ForgeAccess => ({ forge: 'github', origin: github.origin, token });
const repositories = () => app.given.map(({ repository }) => repository);

test('a token is for one repository, and what clones with it may read contents and nothing else', async () => {
  await token({ repository: 'ada/bell', use: 'clone' });
  await token({ repository: 'ada/bell', use: 'api' });
  await token({ repository: 'grace/mill', use: 'api' });
  expect(app.given).toMatchObject([
    { repository: 'ada/bell', permissions: { contents: 'read' } },
    { repository: 'ada/bell', permissions: undefined },
    { repository: 'grace/mill', permissions: undefined },
  ]);
});

test('it is made once for all who ask, and anew ten minutes before it ends', async () => {
  const question = { repository: 'ada/bell', use: 'api' } as const;
  const first = await Promise.all(Array.from({ length: 5 }, () => token(question)));
  expect(new Set(first).size).toBe(1);
  now = start + 50 * minute - 1;
  expect(await token(question)).toBe(first[0]);
  now += 1;
  const [again, same] = await Promise.all([token(question), token(question)]);
  expect([again === first[0], again === same]).toEqual([false, true]);
  expect(repositories()).toEqual(['ada/bell', 'ada/bell']);
});

test('statuses, comments and what is looked up go by the token of their repository', async () => {
  const status = {
    sha: '1'.repeat(40),
    context: 'bellows',
    state: 'success',
    description: 'x',
    url: 'x',
  } as const;
  expect(await postStatus(access(), { repository: 'ada/bell', ...status })).toEqual({ answer: 'posted' });
  expect(await postStatus(access(), { repository: 'grace/mill', ...status })).toEqual({ answer: 'posted' });
  github.documents['/repos/ada/anvil/pulls'] = [];
  expect(await createLookup(access()).openPullRequests('ada/anvil')).toEqual([]);
  const comment = { repository: 'ada/anvil', pull: 1, marker: '<!-- x -->', body: '<!-- x -->' };
  expect(await putComment(access(), comment)).toBe('written');
  expect(repositories()).toEqual(['ada/bell', 'grace/mill', 'ada/anvil']);
});

test('one that was taken back is asked for anew, once, and that of clones with it', async () => {
  const clone = await token({ repository: 'ada/bell', use: 'clone' });
  github.documents['/repos/ada/bell/pulls'] = [];
  const lookup = createLookup(access());
  await lookup.openPullRequests('ada/bell');
  app.revoke();
  await lookup.openPullRequests('ada/bell');
  expect(repositories()).toEqual(['ada/bell']);
  expect(await token({ repository: 'ada/bell', use: 'clone' })).not.toBe(clone);
});

test('where the App is not installed nobody is asked without it, and a status waits until it is', async () => {
  const status = {
    sha: '1'.repeat(40),
    context: 'bellows',
    state: 'success',
    description: 'x',
    url: 'x',
  } as const;
  expect(await postStatus(access(), { repository: 'eve/safe', ...status })).toEqual({
    answer: 'denied',
    why: `GitHub gives the App ${app.id} no token for eve/safe: 404 Not Found. Is it installed there?`,
  });
  await expect(createLookup(access()).openPullRequests('eve/safe')).rejects.toThrow(LookupError);
  expect(github.asked.every((line) => line.endsWith('/installation'))).toBe(true);
  app.installed.set('eve/safe', 9);
  expect(await postStatus(access(), { repository: 'eve/safe', ...status })).toEqual({ answer: 'posted' });
});

test('the key of another App, and a clock that is wrong, are refused by name; neither key nor token is shown', async () => {
  const status = {
    sha: '1'.repeat(40),
    context: 'bellows',
    state: 'success',
    description: 'x',
    url: 'x',
  } as const;
  const tell = (key: KeyObject, at: number) => {
    const made = createAppTokens({ id: app.id, key }, { origin: github.origin, now: () => at });
    return postStatus({ ...access(), token: made }, { repository: 'ada/bell', ...status });
  };
  const stranger = await tell(createAppDouble().key, start);
  const late = await tell(app.key, start - 20 * minute);
  const early = await tell(app.key, start + 20 * minute);
  expect([stranger, late, early]).toMatchObject([
    { answer: 'denied', why: expect.stringContaining('401 A JSON web token could not be decoded') },
    { answer: 'denied', why: expect.stringContaining("401 'Expiration time' claim") },
    { answer: 'denied', why: expect.stringContaining("401 'Issued at' claim") },
  ]);
  expect(JSON.stringify([stranger, late, early])).not.toMatch(/ghs_|eyJ|BEGIN/);
});

test('an answer that is none is not shown, since it may hold a token', async () => {
  github.setFault((request, response) => {
    if (!request.url?.includes('access_tokens')) return false;
    response.writeHead(201).end(JSON.stringify({ token: 'ghs_secret', expires_at: 'soon' }));
    return true;
  });
  const asked = token({ repository: 'ada/bell', use: 'api' });
  await expect(asked).rejects.toThrow(
    'what GitHub says to /app/installations/7/access_tokens is not as expected',
  );
  await expect(asked).rejects.not.toThrow('ghs_secret');
  github.setFault(undefined);
  expect(await token({ repository: 'ada/bell', use: 'api' })).toMatch(/^ghs_/);
});
