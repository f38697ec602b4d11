import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { displayWidth, toColumns, toDisplay, truncate } from '../../../../services/core/display/index.ts';

test.each([
  ['plain', 5],
  ['世界', 4],
  ['한글', 4],
  ['🚀', 2],
  ['e\u0301', 1],
  ['Ｗ', 2],
  ['ｱ', 1],
  ['␛…', 2],
])('%s takes %d columns', (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test.each([
  ['release', 7, 'release'],
  ['release', 5, 'rele…'],
  ['世界世界', 5, '世界…'],
  ['世界世界', 4, '世…'],
  ['release', 1, '…'],
  ['release', 0, ''],
])('%s in %d columns is %j', (text, columns, seen) => {
  expect(truncate(text, columns)).toBe(seen);
});

test('the mark can be plain ASCII', () => {
  expect(truncate('release', 5, '..')).toBe('rel..');
});

test('fitted text takes exactly its columns', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(40), (text, columns) => {
      expect(displayWidth(toColumns(toDisplay(text), columns))).toBe(columns);
    }),
  );
});
