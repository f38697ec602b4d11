import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readSignature, toSignature, verifySignature } from '../../../../services/core/forge/index.ts';

const body = Buffer.from('{"ref": "refs/heads/main"}');
const good = toSignature(body, 'first');

test('the signature is the published HMAC-SHA256 of the bytes', () => {
  // RFC 4231, test case 2.
  expect(toSignature(Buffer.from('what do ya want for nothing?'), 'Jefe')).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('either of two active secrets is good, a third one never is', () => {
  expect(verifySignature(body, good, ['first'])).toBe(true);
  expect(verifySignature(body, good, ['second', 'first'])).toBe(true);
  expect(verifySignature(body, good, ['second', 'third', 'first'])).toBe(false);
  expect(verifySignature(body, good, [])).toBe(false);
});

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['a short one', good.slice(0, 63)],
  ['a long one', `${good}0`],
  ['an upper-case one', good.toUpperCase()],
  ['one sent twice', `${good}, ${good}`],
  ['one with a prefix', `sha256=${good}`],
  ['one in UTF-16', [...good].map((digit) => `${digit}\0`).join('')],
  [
    'one of the same JSON, written anew',
    toSignature(Buffer.from(JSON.stringify(JSON.parse(`${body}`))), 'first'),
  ],
])('a signature is refused: %s', (_, signature) => {
  expect(verifySignature(body, signature, ['first'])).toBe(false);
});

test('no changed byte of body or signature is accepted (10,000 tries)', () => {
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), fc.nat(63), (at, flip, digit) => {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const other = good[digit] === '0' ? '1' : '0';
      const bent = good.slice(0, digit) + other + good.slice(digit + 1);
      return !verifySignature(changed, good, ['first']) && !verifySignature(body, bent, ['first']);
    }),
    { numRuns: 10_000 },
  );
});

test('each forge is asked for its own header only', () => {
  const headers = new Headers({
    'x-gitea-signature': 'gitea',
    'x-hub-signature-256': 'sha256=github',
    'x-hub-signature': 'sha1=old',
    'x-gogs-signature': 'gogs',
  });
  expect(readSignature('gitea', headers)).toBe('gitea');
  expect(readSignature('local', headers)).toBe('gitea');
  expect(readSignature('github', headers)).toBe('github');
  expect(readSignature('github', new Headers({ 'x-hub-signature-256': good }))).toBeUndefined();
  expect(readSignature('github', new Headers({ 'x-hub-signature': 'sha1=old' }))).toBeUndefined();
});
