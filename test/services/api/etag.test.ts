import { expect, test } from '@jest/globals';
import { isKnown } from '../../../services/api/etag.ts';

test('a tag is known by itself, in a list, weak or strong, and by a star', () => {
  for (const given of ['"a"', 'W/"a"', '"b", W/"a"', '*']) expect(isKnown(given, 'W/"a"')).toBe(true);
  expect(isKnown('W/"a"', '"a"')).toBe(true);
});

test('another tag, none, and one that has no end are not known', () => {
  for (const given of [undefined, '', '"b"', 'a', `"${'a'.repeat(3000)}", "a"`])
    expect(isKnown(given, '"a"')).toBe(false);
});
