import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toDifferences } from '../../../../services/api/reconcile/decide.ts';

const known = (refs: Record<string, string>) => new Map(Object.entries(refs));

test('a ref that moved, a new one and one that is gone are told; one that stands is not', () => {
  expect(
    toDifferences(
      known({ 'refs/heads/main': 'a', 'refs/heads/still': 'b', 'refs/heads/old': 'c' }),
      known({ 'refs/heads/main': 'd', 'refs/heads/still': 'b', 'refs/tags/v1': 'e' }),
    ),
  ).toEqual([
    { kind: 'gone', ref: 'refs/heads/old' },
    { kind: 'moved', ref: 'refs/heads/main', before: 'a', sha: 'd' },
    { kind: 'moved', ref: 'refs/tags/v1', sha: 'e' },
  ]);
});

test('a pull request’s head counts only while it is open here, since a forge keeps it for ever', () => {
  const forge = known({ 'refs/pull/1/head': 'a', 'refs/pull/2/head': 'b' });
  expect(toDifferences(known({}), forge)).toEqual([]);
  expect(toDifferences(known({ 'refs/pull/2/head': 'x' }), forge)).toEqual([
    { kind: 'moved', ref: 'refs/pull/2/head', before: 'x', sha: 'b' },
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
      for (const difference of toDifferences(after, known(actual)))
        if (difference.kind === 'gone') after.delete(difference.ref);
        else after.set(difference.ref, difference.sha);
      expect(Object.fromEntries(after)).toEqual(actual);
    }),
  );
});
