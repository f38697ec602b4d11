import { readGrant, signToken } from './signed-token.ts';

const purpose = 'caches';

/** Opens the caches of one job, also once it has ended: what it made is kept when its outcome has been told. */
export function toCacheToken(job: string, key: string, expiresAt: number): string {
  return `bk.${signToken({ purpose, audience: job, expiresAt }, key)}`;
}

/** The job that the token is of; undefined where this key has not signed it, or it has expired. */
export function readCacheToken(token: string, key: string | undefined, now = Date.now()): string | undefined {
  if (key === undefined || !token.startsWith('bk.')) return undefined;
  const grant = readGrant(token.slice(3), key);
  return grant?.purpose === purpose && now < grant.expiresAt ? grant.audience : undefined;
}
