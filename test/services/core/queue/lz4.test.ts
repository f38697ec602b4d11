import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLz4 } from '../../../../services/core/queue/lz4.ts';

const most = 2000;
const dictionary = Buffer.from('"repository":"local/","ref":"refs/heads/main"');
const lz4 = createLz4(dictionary, most);
const plain = createLz4(Buffer.alloc(0), most);

// Repeats are what it is about: pieces from a few letters, from the dictionary, and any text at all.
const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 400 }),
      fc.constantFrom('"ref":"refs/heads/main"', '€', 'difference engine'),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => pieces.join(''))
  .filter((joined) => Buffer.byteLength(joined) <= most);

test('whatever text goes in comes out again', () => {
  fc.assert(
    fc.property(text, (each) => {
      expect(lz4.unpack(lz4.pack(each))).toBe(each);
      expect(plain.unpack(plain.pack(each))).toBe(each);
    }),
  );
});

test('what comes again, or stands in the dictionary, takes next to nothing', () => {
  expect(plain.pack('x'.repeat(most)).length).toBeLessThan(25);
  const known = `${dictionary}${dictionary}`;
  expect(lz4.pack(known).length).toBeLessThan(plain.pack(known).length / 2);
});

test('bytes are those of the LZ4 block format', () => {
  // Three literals, nine bytes from three back, five literals: a match that reaches into itself.
  const block = [0x35, ...Buffer.from('abc'), 3, 0, 0x50, ...Buffer.from('vwxyz')];
  expect(plain.unpack(Uint8Array.from(block))).toBe('abcabcabcabcvwxyz');
  expect([...plain.pack('abcabcabcabcvwxyz')]).toEqual(block);
  // Lengths of 15 and more go on in bytes of 255.
  expect([...plain.pack('y'.repeat(300))].slice(0, 6)).toEqual([0x1f, 0x79, 1, 0, 255, 20]);
  // The last five bytes are literals, and a match begins twelve bytes before the end at the latest.
  expect([...plain.pack('abcdabcdabcdabc')]).toEqual([0xf0, 0, ...Buffer.from('abcdabcdabcdabc')]);
});

test('a text that is longer than allowed is refused, packed or not', () => {
  expect(() => lz4.pack('€'.repeat(most / 2))).toThrow(RangeError);
  const longer = createLz4(dictionary, most + 1);
  expect(() => lz4.unpack(longer.pack('x'.repeat(most + 1)))).toThrow(RangeError);
});

test('bytes that are no text are refused, and read nothing beside it', () => {
  const first = lz4.pack('a secret that came before');
  expect(lz4.unpack(first)).toBe('a secret that came before');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        expect(Buffer.byteLength(plain.unpack(bytes))).toBeLessThanOrEqual(3 * most);
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
      }
    }),
  );
  expect(() => lz4.unpack(first.subarray(0, 5))).toThrow('end too early');
  expect(() => plain.unpack(Uint8Array.from([0x10, 0x61, 2, 0]))).toThrow('point before their text');
});
