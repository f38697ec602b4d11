import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ForgeAccess, putComment, RestError } from '../../../../services/core/forge/index.ts';
import { type ForgeApi, openForgeApi } from '../../../support/forge-api.ts';

let forge: ForgeApi;
beforeEach(async () => {
  forge = await openForgeApi();
});
afterEach(() => forge.close());

const access = (kind: ForgeAccess['forge']): ForgeAccess => ({
  forge: kind,
  origin: forge.origin,
  token: forge.token,
});
const marker = '<!-- mine -->';
const issue = '/repos/ada/engine/issues/7';
const put = (kind: ForgeAccess['forge'], text: string) =>
  putComment(access(kind), { repository: 'ada/engine', pull: 7, marker, body: `${marker}\n${text}` });

test.each(['gitea', 'github'] as const)(
  'at %s a pull request has one comment, however often it is written',
  async (kind) => {
    expect([await put(kind, 'one'), await put(kind, 'two'), await put(kind, 'three')]).toEqual([
      'written',
      'changed',
      'changed',
    ]);
    expect(forge.comments.map(({ body }) => body)).toEqual([`${marker}\nthree`]);
  },
);

test('it is found behind hundreds of others', async () => {
  const others = Array.from({ length: 250 }, (_, n) => ({ id: n + 1, issue, body: `no ${n}` }));
  forge.comments.push(...others, { id: 251, issue, body: `${marker}\nold` });
  expect(await put('github', 'new')).toBe('changed');
  expect(forge.comments.length).toBe(251);
  expect(forge.asked.filter((line) => line.startsWith('GET')).length).toBe(3);
});

test("somebody else's comment that begins alike is left alone", async () => {
  forge.comments.push({ id: 1, issue, body: `${marker}\nnot ours`, foreign: true });
  expect(await put('github', 'ours')).toBe('written');
  expect(await put('github', 'ours again')).toBe('changed');
  expect(forge.comments.map(({ body }) => body)).toEqual([`${marker}\nnot ours`, `${marker}\nours again`]);
});

test('what the forge does not take is said with its reason', async () => {
  await expect(
    putComment(
      { ...access('gitea'), token: 'another' },
      { repository: 'ada/engine', pull: 7, marker, body: marker },
    ),
  ).rejects.toEqual(new RestError('the comments cannot be read: 401 Bad credentials'));
  forge.setFault((request, response) => {
    if (request.method === 'GET') return false;
    response.writeHead(422).end('{"message":"Validation Failed"}');
    return true;
  });
  await expect(put('gitea', 'x')).rejects.toEqual(
    new RestError('the comment of ada/engine#7 is not taken: 422 Validation Failed'),
  );
  forge.setFault((_request, response) => {
    response.writeHead(200).end('{"not":"a list"}');
    return true;
  });
  await expect(put('gitea', 'x')).rejects.toThrow('that is no list of comments');
});
