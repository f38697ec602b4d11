import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toJson } from '../../../services/cli/json.ts';

test('JSON says the same value, and holds nothing that a terminal would obey', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const text = toJson(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}\u2028\u2029]/u);
    }),
  );
  // A character of two code units, which reorders nothing but is not seen.
  expect(toJson('\u{e0041}')).toBe('"\\udb40\\udc41"\n');
});
