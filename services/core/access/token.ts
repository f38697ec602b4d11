import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 32 random bytes, base64url: 43 characters. */
export function createToken(): string {
  return randomBytes(32).toString('base64url');
}

export const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** What is kept of a token: sha256, hex. A token is random, so no salt and no slow hash is needed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares by hash: equal lengths, constant time, whatever was given. */
export function isToken(given: string, hash: string): boolean {
  return timingSafeEqual(Buffer.from(hashToken(given)), Buffer.from(hash));
}

/**
 * `bj.<job>.<secret>`: names its job, so that no search is needed to find what it opens. The secret is made
 * before a claim, when nobody knows yet which job it will be; so it alone is what is hashed.
 */
export function toJobToken(job: string, secret: string): string {
  return `bj.${job}.${secret}`;
}

/** The job that a token names and the hash of its secret; undefined when it is no job token. Proves nothing yet. */
export function readJobToken(token: string): { job: string; hash: string } | undefined {
  const [, job, secret] = /^bj\.([0-9a-f]{20})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  return job === undefined || secret === undefined ? undefined : { job, hash: hashToken(secret) };
}

/** A claim token is told from others by its beginning, so that garbage costs no question to Redis. */
export const claimTokenPattern = /^bc\.[A-Za-z0-9_-]{43}$/;
export function createClaimToken(): string {
  return `bc.${createToken()}`;
}
