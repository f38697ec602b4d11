import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseCommit } from '../../../../services/core/execute/commit.ts';
import { type ChangesOptions, checkout, readChanges } from '../../../../services/core/execute/index.ts';
import { type GitHttp, openGitHttp } from '../../../support/git-http.ts';
import { openWorkspace } from '../../../support/workspace.ts';

let workspace: Awaited<ReturnType<typeof openWorkspace>>;
let forge: GitHttp;

beforeEach(async () => {
  workspace = await openWorkspace();
  forge = await openGitHttp();
});
afterEach(async () => {
  await forge.close();
  await workspace.close();
});

const options = (sha: string) => ({
  target: { url: forge.url('a/b') },
  sha,
  workspace,
  path: process.env.PATH ?? '',
  signal: new AbortController().signal,
});
/** What an agent knows once it has the tree of a commit. */
async function changesOf(sha: string, given: Partial<ChangesOptions> = {}, ref = 'refs/heads/main') {
  const commit = await checkout({ ...options(sha), ref });
  return { commit, changed: await readChanges({ ...options(sha), ...given }) };
}

test('a push changed what differs from where the branch stood, whatever lies between', async () => {
  const before = await forge.commit('a/b', { a: '1', b: '1' });
  await forge.commit('a/b', { a: '1', b: '2' });
  const sha = await forge.commit('a/b', { a: '1', b: '2', 'c d/é\n"': '3' });
  const { commit, changed } = await changesOf(sha, { before });
  expect(changed?.sort()).toEqual(['b', 'c d/é\n"']);
  expect(commit).toMatchObject({ authorEmail: 'ada@example.org', at: expect.any(Number) });
});

test('of a new branch the last commit is what was changed', async () => {
  await forge.commit('a/b', { a: '1' });
  const sha = await forge.commit('a/b', { a: '1', b: '2' });
  expect((await changesOf(sha)).changed).toEqual(['b']);
});

test('a pull request changed what its branch did since it left the other', async () => {
  await forge.commit('a/b', { a: '1' });
  await forge.git('a/b', 'update-ref', 'refs/heads/topic', 'refs/heads/main');
  await forge.commit('a/b', { a: '1', main: '1' });
  await forge.commit('a/b', { a: '1', one: '1' }, { ref: 'refs/heads/topic' });
  const sha = await forge.commit('a/b', { a: '1', one: '1', two: '2' }, { ref: 'refs/heads/topic' });
  const { changed } = await changesOf(sha, { base: 'main' }, 'refs/heads/topic');
  expect(changed?.sort()).toEqual(['one', 'two']);
});

test('what cannot be told is not guessed: a first commit, one that is gone, branches without a common past, a list too long', async () => {
  const first = await forge.commit('a/b', { a: '1' });
  expect((await changesOf(first)).changed).toBeUndefined();
  expect(await readChanges({ ...options(first), before: 'f'.repeat(40) })).toBeUndefined();
  await forge.commit('a/b', { b: '1' }, { ref: 'refs/heads/other', orphan: true });
  expect(await readChanges({ ...options(first), base: 'other' })).toBeUndefined();
  expect(await readChanges({ ...options(first), base: 'absent' })).toBeUndefined();
  const names = Array.from({ length: 700 }, (_, i) => [`${'x'.repeat(100)}${i}`, '1']);
  const sha = await forge.commit('a/b', Object.fromEntries(names));
  expect(await readChanges({ ...options(sha), before: first })).toBeUndefined();
});

test('a commit is read for what it is, and whatever else for nothing', () => {
  const commit = `tree ${'a'.repeat(40)}
author A > <U <a@b.c> 1 +0000
committer C <c@d.e> 1700000000 -0130

Fix

author X <x@y.z> 5 +0000
`;
  expect(parseCommit(commit)).toEqual({
    message: 'Fix\n\nauthor X <x@y.z> 5 +0000',
    authorEmail: 'a@b.c',
    at: 1_700_000_000,
  });
  expect(parseCommit('')).toEqual({ message: '', authorEmail: '', at: undefined });
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseCommit(text)));
});
