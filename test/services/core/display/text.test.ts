import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toDisplay } from '../../../../services/core/display/index.ts';

test.each([
  ['feature/\x1b]0;pwned\x07', 'feature/␛]0;pwned␇'],
  ['\x1b[31mred', '␛[31mred'],
  ['two\nlines\tand a tab\r', 'two␊lines␉and a tab␍'],
  ['\x9b2J', '␛[2J'],
  ['\x7f', '␡'],
  ['user\u202etxt.exe', 'user\ufffdtxt.exe'],
  ['ad\u200bmin', 'ad\ufffdmin'],
  ['a\u{e0061}\ufff9', 'a\ufffd\ufffd'],
  ['\ud800', '\ufffd'],
  ['heart ❤\ufe0f and 世界', 'heart ❤ and 世界'],
])('%j is shown as %j', (text, seen) => {
  expect(toDisplay(text)).toBe(seen);
});

test('one line of any text has no control, no break and nothing unseen, and is stable', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = toDisplay(text);
      expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u);
      expect(toDisplay(shown)).toBe(shown);
    }),
    { numRuns: 1000 },
  );
});
