import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toDifferences, toPullNumber } from '../../../../services/api/reconcile/decide.ts';

const known = (refs: Record<string, string>) => new Map(Object.entries(refs));

test('a ref that moved, a new one and one that is gone are told; one that stands is not', () => {
  expect(
    toDifferences(known({ 'refs/heads/main': 'a', 'refs/heads/still': 'b', 'refs/heads/old': 'c' }), {
      refs: known({ 'refs/heads/main': 'd', 'refs/heads/still': 'b', 'refs/tags/v1': 'e' }),
    }),
  ).toEqual([
    { kind: 'gone', ref: 'refs/heads/old' },
    { kind: 'moved', ref: 'refs/heads/main', before: 'a', sha: 'd' },
    { kind: 'moved', ref: 'refs/tags/v1', sha: 'e' },
  ]);
});

const pulls = known({ 'refs/pull/1/head': 'a', 'refs/pull/2/head': 'b' });

test('a pull request’s head counts only while it is open here, since a forge keeps it for ever', () => {
  expect(toDifferences(known({}), { refs: pulls })).toEqual([]);
  expect(toDifferences(known({ 'refs/pull/2/head': 'x' }), { refs: pulls })).toEqual([
    { kind: 'moved', ref: 'refs/pull/2/head', before: 'x', sha: 'b' },
  ]);
});

test('where the forge says which are open, a new one moved, and one that is not among them is gone', () => {
  const open = known({ 'refs/pull/2/head': 'b' });
  expect(toDifferences(known({ 'refs/pull/1/head': 'a' }), { refs: pulls, open })).toEqual([
    { kind: 'gone', ref: 'refs/pull/1/head' },
    { kind: 'moved', ref: 'refs/pull/2/head', sha: 'b' },
  ]);
});

test('a pull request of which git and the forge’s API say different things is left for the next look', () => {
  const open = known({ 'refs/pull/1/head': 'newer', 'refs/pull/2/head': 'b' });
  expect(toDifferences(known({ 'refs/pull/1/head': 'old' }), { refs: pulls, open })).toEqual([
    { kind: 'moved', ref: 'refs/pull/2/head', sha: 'b' },
  ]);
});

test('done once, nothing is left to do', () => {
  const refs = fc.dictionary(
    fc.constantFrom('refs/heads/a', 'refs/heads/b', 'refs/tags/a'),
    fc.constantFrom('1', '2'),
  );
  fc.assert(
    fc.property(refs, refs, (before, actual) => {
      const after = known(before);
      for (const difference of toDifferences(after, { refs: known(actual) }))
        if (difference.kind === 'gone') after.delete(difference.ref);
        else after.set(difference.ref, difference.sha);
      expect(Object.fromEntries(after)).toEqual(actual);
    }),
  );
});

test('only the ref of a pull request has a number', () => {
  expect(
    ['refs/pull/4/head', 'refs/pull/04/head', 'refs/pull/4/merge', 'refs/heads/4'].map(toPullNumber),
  ).toEqual([4, undefined, undefined, undefined]);
});
