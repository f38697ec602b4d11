import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMask, type Mask, replacement } from '../../../../services/core/mask/index.ts';

const maskOf = (...values: string[]): Mask =>
  createMask(new Map(values.map((value, i) => [`secret_${i}`, value]))).mask;

/** What a reader gets, when the bytes are cut at these places. */
function pass(mask: Mask, bytes: Uint8Array, cuts: readonly number[] = []): Buffer {
  const stream = mask.stream();
  const places = [0, ...cuts, bytes.length];
  const parts = places.slice(1).map((end, i) => Buffer.from(stream.write(bytes.subarray(places[i], end))));
  return Buffer.concat([...parts, stream.end()]);
}

const secret = 'p@ss/wörd+"q\'?&<x>~\\';

/** Encodings as other programs write them, made here anew. */
const encodings: Record<string, (value: string) => string> = {
  'as it is': (value) => value,
  'hex of xxd': (value) => Buffer.from(value).toString('hex'),
  'hex of openssl': (value) => Buffer.from(value).toString('hex').toUpperCase(),
  base64: (value) => Buffer.from(value).toString('base64'),
  'base64 of a line': (value) => Buffer.from(`${value}\n`).toString('base64'),
  base64url: (value) => Buffer.from(value).toString('base64url'),
  'a part of a URL': (value) => encodeURIComponent(value),
  'a form': (value) => String(new URLSearchParams({ v: value })).slice(2),
  'JSON of JavaScript': (value) => JSON.stringify(value).slice(1, -1),
  'JSON of Python': (value) =>
    JSON.stringify(value)
      .slice(1, -1)
      .replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'JSON of PHP': (value) => JSON.stringify(value).slice(1, -1).replaceAll('/', '\\/'),
  'a word of sh -x': (value) => value.replaceAll("'", "'\\''"),
};

test.each(Object.entries(encodings))('%s: cut at any byte, nothing of it is told', (_name, encode) => {
  const mask = maskOf(secret);
  const given = Buffer.from(`before ${encode(secret)} after`);
  for (let cut = 0; cut <= given.length; cut++)
    expect(pass(mask, given, [cut]).toString()).toBe(`before ${replacement} after`);
});

test('base64 gives it away at none of the three offsets, nor with any neighbours', () => {
  const neighbours = fc.string({ maxLength: 9 });
  fc.assert(
    fc.property(neighbours, neighbours, fc.constantFrom('base64', 'base64url'), (before, after, encoding) => {
      const text = Buffer.from(before + secret + after).toString(encoding as 'base64');
      const told = pass(maskOf(secret), Buffer.from(text)).toString();
      expect(told).toContain(replacement);
      // What is left decides at most some bits of the first and the last character.
      const bits = told.split(replacement).join('').replaceAll('=', '').length * 6;
      const others = (Buffer.byteLength(before) + Buffer.byteLength(after)) * 8;
      expect(bits).toBeLessThan(others + 12);
    }),
    { numRuns: 300 },
  );
});

test('of a key with many lines no line is told, in whatever order, nor what base64 and its line breaks make of it', () => {
  const lines = Array.from({ length: 30 }, (_, i) =>
    `line-${i}-`.padEnd(40, String.fromCharCode(97 + (i % 26))),
  );
  const key = `${lines.join('\r\n')}\r\n`;
  const mask = maskOf(key);
  expect(mask.text(lines.toReversed().join('\n'))).toBe(lines.map(() => replacement).join('\n'));
  for (const width of [64, 76]) {
    const wrapped = Buffer.from(key)
      .toString('base64')
      .replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
    expect(mask.text(wrapped).replaceAll(replacement, '').trim().length).toBeLessThan(6);
  }
});

test('whatever the secrets and the cuts are, what any of them covers is replaced, and all else is exact', () => {
  // Two letters, so that secrets are in each other, overlap and repeat.
  const word = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 6, maxLength: 12 });
  const given = fc.record({
    secrets: fc.array(word, { minLength: 1, maxLength: 5 }),
    text: fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 120 }),
    cuts: fc.array(fc.nat(120), { maxLength: 5 }),
  });
  fc.assert(
    fc.property(given, ({ secrets, text, cuts }) => {
      const covered = new Set<number>();
      for (const value of secrets)
        for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1))
          for (let i = at; i < at + value.length; i++) covered.add(i);
      const left = [...text].map((sign, i) => (covered.has(i) ? '*' : sign)).join('');
      const places = cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b);
      const told = pass(maskOf(...secrets), Buffer.from(text), places).toString();
      expect(told.replaceAll(/\*+/g, '*')).toBe(left.replaceAll(/\*+/g, '*'));
    }),
    { numRuns: 500 },
  );
});

test('bytes that are no secret pass as they are, UTF-8 or not', () => {
  const mask = maskOf(secret, 'tokentoken');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(500), (bytes, cut) => {
      expect(pass(mask, bytes, [Math.min(cut, bytes.length)])).toEqual(Buffer.from(bytes));
    }),
    { numRuns: 200 },
  );
});

test('a shorter secret that a longer one begins with does not leave the end of it', () => {
  const mask = maskOf('hunter2', 'hunter2-and-more');
  expect(mask.text('hunter2-and-more hunter2-and-les')).toBe(`${replacement} ${replacement}-and-les`);
});

test('a stream holds back only what may still become a secret, and a torn one comes whole', () => {
  const stream = maskOf('abcdefgh').stream();
  expect(Buffer.from(stream.write(Buffer.from('prompt> '))).toString()).toBe('prompt> ');
  expect(Buffer.from(stream.write(Buffer.from('abcd'))).toString()).toBe('');
  expect(Buffer.from(stream.write(Buffer.from('x'))).toString()).toBe('abcdx');
  stream.write(Buffer.from('abc'));
  expect(Buffer.from(stream.end()).toString()).toBe('abc');
  expect(Buffer.from(stream.write(Buffer.from('defgh.'))).toString()).toBe('defgh.');
});

test('of a secret of 64 KiB a piece is found, and no more than 255 bytes are ever held back', () => {
  const long = Buffer.alloc(65_536, 'abcdefghijklmnopqrstuvwxyz0123456789_').toString();
  const stream = maskOf(long).stream();
  let given = 0;
  let told = 0;
  let masked = 0;
  for (const byte of Buffer.from(long.slice(0, 5000))) {
    given += 1;
    const part = stream.write(Uint8Array.of(byte));
    told += part.length;
    if (Buffer.from(part).includes('*')) masked += 1;
    if (masked === 0) expect(given - told).toBeLessThanOrEqual(256);
  }
  expect(masked).toBeGreaterThan(0);
  expect(told).toBeLessThan(300);
});

test('a secret of fewer than 6 characters is not masked, and named', () => {
  const { mask, short } = createMask(
    new Map([
      ['pin', '1234'],
      ['padded', '  abc  '],
      ['token', 'tokentoken'],
    ]),
  );
  expect(short).toEqual(['pin', 'padded']);
  expect(mask.text('1234 abc tokentoken')).toBe(`1234 abc ${replacement}`);
});
