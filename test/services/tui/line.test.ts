import { expect, test } from '@jest/globals';
import { cut, lineWidth, span, toBar, toSides, wrap } from '../../../services/tui/line.ts';
import { toText } from './pictures.ts';

const line = [span('one '), span('世界 '), span('three')];

test('a line is cut once, where the row ends, and says so', () => {
  expect([14, 13, 12, 9, 8, 4, 0].map((columns) => toText(cut(line, columns, '…')))).toEqual([
    'one 世界 three',
    'one 世界 thr…',
    'one 世界 th…',
    'one 世界…',
    'one 世…',
    'one…',
    '',
  ]);
});

test('a line that is too long goes on in the next row, wide characters whole', () => {
  expect(wrap(line, 5).map(toText)).toEqual(['one ', '世界 ', 'three']);
  expect(wrap([span('abcdefg'), span('hi')], 3).map(toText)).toEqual(['abc', 'def', 'ghi']);
  expect(wrap([], 3).map(toText)).toEqual(['']);
});

test('the right side keeps its place, the left one gives way', () => {
  expect(toText(toSides([span('left')], [span('right')], 12, '…'))).toBe('left   right');
  expect(toText(toSides([span('left and more')], [span('right')], 12, '…'))).toBe('left … right');
});

test('a bar fills its row in one look', () => {
  const bar = toBar([span('x', { fg: 1 })], 4, { inverse: true });
  expect([toText(bar), lineWidth(bar), bar.every(({ style }) => style.inverse)]).toEqual(['x   ', 4, true]);
});
