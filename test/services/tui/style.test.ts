import { expect, test } from '@jest/globals';
import { applySgr } from '../../../services/tui/style.ts';

test.each([
  ['1', { bold: true }],
  ['4;7', { underline: true, inverse: true }],
  ['31;42', { fg: 1, bg: 2 }],
  ['91;102', { fg: 9, bg: 10 }],
  ['38;5;200;48;5;7', { fg: 200, bg: 7 }],
  ['38;2;255;0;0', { fg: 196 }],
  ['1;31;0', {}],
  ['31;1;22;39', { bold: false }],
  ['3;9', {}],
])('SGR %s makes %j', (parameters, style) => {
  expect(applySgr({}, parameters)).toEqual(style);
});

test('what is not named stays', () => {
  expect(applySgr({ fg: 1, bg: 2, underline: true }, '49')).toEqual({ fg: 1, underline: true });
  expect(applySgr({ fg: 1, bg: 2 }, '39;24;27')).toEqual({ bg: 2, underline: false, inverse: false });
});
