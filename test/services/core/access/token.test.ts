import { expect, test } from '@jest/globals';
import {
  claimTokenPattern,
  createClaimToken,
  createJobToken,
  createToken,
  hashToken,
  isToken,
  readJobToken,
} from '../../../../services/core/access/index.ts';

const job = '0123456789abcdef0123';

test('a token is 256 random bits, and only itself matches its hash', () => {
  const token = createToken();
  expect(Buffer.from(token, 'base64url')).toHaveLength(32);
  expect(isToken(token, hashToken(token))).toBe(true);
  for (const other of ['', `${token}x`, token.slice(1), createToken()])
    expect(isToken(other, hashToken(token))).toBe(false);
});

test('a job token names its job, and nothing else reads as one', () => {
  const token = createJobToken(job);
  expect(readJobToken(token)).toBe(job);
  for (const other of ['', job, `bj.${job}`, `${token}x`, `x${token}`, `${token}\n`, createToken()])
    expect(readJobToken(other)).toBeUndefined();
  expect(createJobToken(job)).not.toBe(token);
  expect(createClaimToken()).toMatch(claimTokenPattern);
});
