import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { GlobError, matchesGlob, parseGlob } from '../../../../services/core/pipeline/glob.ts';

const matches = (pattern: string, text: string) => matchesGlob(parseGlob(pattern), text);

test.each([
  ['main', 'main', true],
  ['main', 'main2', false],
  ['*', 'main', true],
  ['*', 'a/b', false],
  ['**', 'a/b/c', true],
  ['feature/*', 'feature/x', true],
  ['feature/*', 'feature/x/y', false],
  ['feature/**', 'feature/x/y', true],
  ['feature/**', 'feature', true],
  ['feature/**', 'features', false],
  ['**/x', 'x', true],
  ['**/x', 'a/b/x', true],
  ['**/x', 'ax', false],
  ['a/**/x', 'a/x', true],
  ['a/**/x', 'a/b/c/x', true],
  ['a**x', 'abx', true],
  ['a**x', 'a/x', false],
  ['v?.?', 'v1.2', true],
  ['v?', 'v/', false],
  ['[a-c]x', 'bx', true],
  ['[^a-c]x', 'bx', false],
  ['[!a-c]x', 'dx', true],
  ['[a-]', '-', true],
  ['[\\]]', ']', true],
  ['release-{1,2{a,b}}', 'release-2b', true],
  ['release-{1,2}', 'release-3', false],
  ['a\\*', 'a*', true],
  ['a\\*', 'ab', false],
  ['a\\{b', 'a{b', true],
])('%s against %s: %s', (pattern, text, expected) => {
  expect(matches(pattern, text)).toBe(expected);
});

test.each(['[', '[a', '[]', '{a', 'a\\', '{a,b}'.repeat(7), 'a'.repeat(1001)])('%s is refused', (pattern) => {
  expect(() => parseGlob(pattern)).toThrow(GlobError);
});

test('a name without special characters matches itself and nothing else', () => {
  const name = fc.stringMatching(/^[a-z/.-]{0,20}$/);
  fc.assert(
    fc.property(name, name, (left, right) => {
      expect(matches(left, right)).toBe(left === right);
    }),
  );
});

test('a star more never makes a pattern match less', () => {
  const part = fc.stringMatching(/^[ab/*?]{0,8}$/);
  fc.assert(
    fc.property(part, part, fc.stringMatching(/^[ab]{0,8}$/), (left, right, text) => {
      if (!/\*$/.test(left) && !/^\*/.test(right) && matches(left + right, text))
        expect(matches(`${left}*${right}`, text)).toBe(true);
    }),
  );
});

test('the pattern that makes backtracking matchers explode costs its length times the text', () => {
  expect(matches(`${'*a'.repeat(200)}b`, 'a'.repeat(500))).toBe(false);
});
