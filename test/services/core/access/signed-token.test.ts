import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signToken, verifyToken } from '../../../../services/core/access/index.ts';
import { toSignedText } from '../../../../services/core/access/signed-token.ts';

const grant = { purpose: 'clone', audience: 'local/ada/bell', expiresAt: 1000 };
const wanted = { purpose: 'clone', audience: 'local/ada/bell', now: 999 };
const token = signToken(grant, 'key');

test('a signed token is good for its purpose, its audience and its time, under its key', () => {
  expect(verifyToken(token, 'key', wanted)).toBe(true);
  expect(verifyToken(token, 'other', wanted)).toBe(false);
  expect(verifyToken(token, 'key', { ...wanted, purpose: 'push' })).toBe(false);
  expect(verifyToken(token, 'key', { ...wanted, audience: 'local/ada/bells' })).toBe(false);
  expect(verifyToken(token, 'key', { ...wanted, now: 1000 })).toBe(false);
  expect(verifyToken(token, 'key', { purpose: 'clone', audience: grant.audience })).toBe(false);
});

test('no two grants have the same signed text', () => {
  const some = fc.record({ purpose: fc.string(), audience: fc.string(), expiresAt: fc.nat() });
  fc.assert(
    fc.property(some, some, (a, b) => {
      const same = a.purpose === b.purpose && a.audience === b.audience && a.expiresAt === b.expiresAt;
      return (toSignedText(a) === toSignedText(b)) === same;
    }),
  );
});

test('a character moved from one field into the next makes another token', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string(), fc.nat(), (purpose, audience, expiresAt) => {
      const moved = { purpose: purpose.slice(0, -1), audience: purpose.slice(-1) + audience, expiresAt };
      const signed = signToken({ purpose, audience, expiresAt: expiresAt + 1 }, 'key');
      return (
        verifyToken(signed, 'key', { purpose, audience, now: expiresAt }) &&
        !verifyToken(signed, 'key', { ...moved, now: expiresAt })
      );
    }),
  );
});

test('no bent token is accepted', () => {
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'B', '.', '=', ' '), (at, character) => {
      const bent = token.slice(0, at) + character + token.slice(at + 1);
      return bent === token || !verifyToken(bent, 'key', wanted);
    }),
  );
  fc.assert(fc.property(fc.string(), (text) => !verifyToken(text, 'key', wanted)));
});
