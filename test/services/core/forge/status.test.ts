import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ForgeAccess, postStatus, toApiUrl } from '../../../../services/core/forge/index.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';

let forge: ForgeApi;
beforeEach(async () => {
  forge = await openForgeApi();
});
afterEach(() => forge.close());

const status = {
  repository: 'ada/engine',
  sha: '1'.repeat(40),
  context: 'bellows/build',
  state: 'success',
  description: 'Passed in 3 s',
  url: 'https://bellows.example/jobs/1',
} as const;
const access = (kind: ForgeAccess['forge'] = 'gitea'): ForgeAccess => ({
  forge: kind,
  origin: forge.origin,
  token: forge.token,
});
/** What becomes of a status that is answered with this. */
const answered = (code: number, headers: Record<string, string> = {}, body = '{}') => {
  forge.setFault((_request, response) => {
    response.writeHead(code, headers).end(body);
    return true;
  });
  return postStatus(access('github'), status, { now: () => 1_000_000 });
};

test('both forges take a status as their documentation has it', async () => {
  expect(await postStatus(access('gitea'), status)).toEqual({ answer: 'posted' });
  expect(await postStatus(access('github'), status)).toEqual({ answer: 'posted' });
  expect(forge.asked).toEqual([
    `POST /api/v1/repos/ada/engine/statuses/${status.sha}`,
    `POST /api/v3/repos/ada/engine/statuses/${status.sha}`,
  ]);
  expect(forge.posted[0]).toEqual({
    repository: 'ada/engine',
    sha: status.sha,
    state: 'success',
    context: 'bellows/build',
    description: 'Passed in 3 s',
    target_url: 'https://bellows.example/jobs/1',
  });
  expect(forge.posted[1]).toEqual(forge.posted[0]);
});

test("GitHub's API is at its own host, a GitHub server's and Gitea's below theirs", () => {
  expect(toApiUrl({ forge: 'github', origin: 'https://github.com' })).toBe('https://api.github.com');
  expect(toApiUrl({ forge: 'github', origin: 'https://git.example' })).toBe('https://git.example/api/v3');
  expect(toApiUrl({ forge: 'gitea', origin: 'https://x.example/git' })).toBe('https://x.example/git/api/v1');
});

test('a commit that Gitea does not have is refused: its 500 would keep all others waiting', async () => {
  const unknown = { status: 500 };
  forge.setFault((request, response) => {
    if (request.method === 'POST') response.writeHead(unknown.status).end('{}');
    return request.method === 'POST';
  });
  expect(await postStatus(access(), status)).toEqual({
    answer: 'refused',
    why: 'the forge has no such commit',
  });
  forge.documents[`/repos/ada/engine/git/commits/${status.sha}`] = { sha: status.sha };
  expect(await postStatus(access(), status)).toMatchObject({ answer: 'later', why: '500' });
});

test('a wrong token is denied, an unknown commit refused, a broken forge asked again', async () => {
  expect(await postStatus({ ...access(), token: 'another' }, status)).toEqual({
    answer: 'denied',
    why: '401 Bad credentials',
  });
  expect(await answered(422, {}, '{"message":"No commit found for SHA"}')).toEqual({
    answer: 'refused',
    why: '422 No commit found for SHA',
  });
  expect(await answered(502, {}, '<html>')).toEqual({ answer: 'later', why: '502' });
});

test.each([
  [429, { 'retry-after': '30' }, '{}', 30_000],
  [403, { 'retry-after': '7' }, '{}', 7_000],
  [403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '1060' }, '{}', 60_000],
  [403, {}, '{"message":"You have exceeded a secondary rate limit."}', 60_000],
  [429, {}, '{}', 60_000],
  // A day is no pause that anybody means.
  [429, { 'retry-after': '86400' }, '{}', 3_600_000],
])('a rate limit, %d %j %s, is heeded', async (code, headers, body, afterMs) => {
  expect(await answered(code, headers as Record<string, string>, body)).toMatchObject({
    answer: 'later',
    afterMs,
  });
});

test('a redirect is not followed, so the token stays with the forge that was registered', async () => {
  expect(await answered(301, { location: `${forge.origin}/elsewhere` })).toMatchObject({ answer: 'refused' });
  expect(forge.asked).toHaveLength(1);
});

test('silence, a refused connection and an answer without end are all "later"', async () => {
  forge.setFault(() => true);
  expect(await postStatus(access(), status, { timeoutMs: 30 })).toMatchObject({ answer: 'later' });
  const closed = { ...access(), origin: 'http://127.0.0.1:1' };
  expect(await postStatus(closed, status)).toMatchObject({ answer: 'later' });
  forge.setFault((_request, response) => {
    response.writeHead(200);
    response.write('x'.repeat(2 << 20));
    return true;
  });
  expect(await postStatus(access(), status)).toMatchObject({
    answer: 'later',
    why: expect.stringContaining('larger than'),
  });
});
