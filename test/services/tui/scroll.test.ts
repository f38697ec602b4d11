import { expect, test } from '@jest/globals';
import { toScroll } from '../../../services/tui/scroll.ts';

test.each([
  ['up by one', ['a', 'b', 'c', 'd'], ['b', 'c', 'd', 'e'], 1],
  ['up by three', ['a', 'b', 'c', 'd', 'e', 'f'], ['d', 'e', 'f', 'g', 'h', 'i'], 3],
  ['down by one', ['b', 'c', 'd', 'e'], ['a', 'b', 'c', 'd'], -1],
  ['up, although one row changed', ['a', 'b', 'c', 'd'], ['b', 'x', 'd', 'e'], 1],
  ['not at all where nothing moved', ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd'], 0],
  ['not at all where all is new', ['a', 'b', 'c', 'd'], ['e', 'f', 'g', 'h'], 0],
  ['not at all for empty rows', ['a', ' ', ' ', ' '], [' ', ' ', ' ', ' '], 0],
  ['not at all where it would save a single row', ['a', 'b'], ['b', 'c'], 0],
])('the rows move %s', (_title, before, after, by) => {
  expect(toScroll(before, after)).toBe(by);
});
