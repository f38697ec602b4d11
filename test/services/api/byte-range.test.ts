import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseByteRange } from '../../../services/api/byte-range.ts';

test('a range is kept within what there is', () => {
  expect(parseByteRange('bytes=0-0', 10)).toEqual({ from: 0, to: 0 });
  expect(parseByteRange('bytes=4-', 10)).toEqual({ from: 4, to: 9 });
  expect(parseByteRange('bytes=4-99', 10)).toEqual({ from: 4, to: 9 });
  expect(parseByteRange('bytes=-3', 10)).toEqual({ from: 7, to: 9 });
  expect(parseByteRange('bytes=-99', 10)).toEqual({ from: 0, to: 9 });
});

test('a range behind the end is none', () => {
  expect(parseByteRange('bytes=10-', 10)).toBe('none');
  expect(parseByteRange('bytes=-0', 10)).toBe('none');
  expect(parseByteRange('bytes=-1', 0)).toBe('none');
});

test('what is no single range of bytes asks for all', () => {
  for (const given of [
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'items=0-1',
  ])
    expect(parseByteRange(given, 10)).toBeUndefined();
});

test('whatever is asked, the answer lies within the bytes', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(100), (text, size) => {
      const range = parseByteRange(`bytes=${text}`, size);
      if (range === undefined || range === 'none') return;
      expect(range.from).toBeGreaterThanOrEqual(0);
      expect(range.from).toBeLessThanOrEqual(range.to);
      expect(range.to).toBeLessThan(size);
    }),
  );
});
