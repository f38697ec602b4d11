import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createFrameCounter } from './frames.ts';

/** RESP2, written by hand. */
const { value } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.stringMatching(/^[a-z ]{0,20}$/).map((text) => `+${text}\r\n`),
    fc.integer().map((number) => `:${number}\r\n`),
    fc.string({ maxLength: 50 }).map((text) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`),
    fc.constantFrom('$-1\r\n', '*-1\r\n', '*0\r\n', '$0\r\n\r\n', '_\r\n', '-ERR no\r\n'),
    fc.array(tie('value'), { maxLength: 4 }).map((all) => `*${all.length}\r\n${all.join('')}`),
    fc
      .array(fc.tuple(tie('value'), tie('value')), { maxLength: 3 })
      .map((all) => `%${all.length}\r\n${all.flat().join('')}`),
  ),
}));

test('each whole value is counted once, wherever the bytes are parted', () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), fc.array(fc.nat(40)), (values, parts) => {
      const bytes = Buffer.from(values.join(''));
      const count = createFrameCounter();
      let frames = 0;
      let at = 0;
      for (const length of parts) {
        frames += count(bytes.subarray(at, at + length));
        at += length;
      }
      frames += count(bytes.subarray(at));
      expect(frames).toBe(values.length);
    }),
  );
});
