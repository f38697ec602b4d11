import { expect, test } from '@jest/globals';
import {
  claimTokenPattern,
  createClaimToken,
  createToken,
  hashToken,
  isToken,
  readJobToken,
  toJobToken,
} from '../../../../services/core/access/index.ts';

const job = '0123456789abcdef0123';

test('a token is 256 random bits, and only itself matches its hash', () => {
  const token = createToken();
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(isToken(token, hashToken(token))).toBe(true);
  for (const other of ['', `${token}x`, token.slice(1), createToken()])
    expect(isToken(other, hashToken(token))).toBe(false);
});

test('a job token names its job and the hash of its secret, and nothing else reads as one', () => {
  const secret = createToken();
  const token = toJobToken(job, secret);
  expect(readJobToken(token)).toEqual({ job, hash: hashToken(secret) });
  for (const other of ['', job, `bj.${job}`, `${token}x`, `x${token}`, `${token}\n`, createToken()])
    expect(readJobToken(other)).toBeUndefined();
  expect(createClaimToken()).toMatch(claimTokenPattern);
});
