import { createHmac, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';

/** What a signed token says; it is readable by whoever holds it. */
export interface Grant {
  /** What it may be used for: `clone`. */
  purpose: string;
  /** What it may be used on: a repository's id. */
  audience: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

const claimsSchema = z.tuple([z.string(), z.string(), z.int().nonnegative()]);

/**
 * `<base64url of the grant>.<base64url of its HMAC-SHA256>`. The grant is signed as one JSON array, so
 * that no two grants have the same signed text (CVE-2026-58426 was fields joined without a separator).
 */
export function signToken(grant: Grant, key: string): string {
  const claims = Buffer.from(toSignedText(grant)).toString('base64url');
  return `${claims}.${toMac(claims, key)}`;
}

/** True when this key signed the token for this purpose and audience, and it has not expired. */
export function verifyToken(
  token: string,
  key: string,
  wanted: { purpose: string; audience: string; now?: number },
): boolean {
  const grant = readGrant(token, key);
  if (grant === undefined) return false;
  const now = wanted.now ?? Date.now();
  return grant.purpose === wanted.purpose && grant.audience === wanted.audience && now < grant.expiresAt;
}

/** What a token says that this key has signed, expired or not. */
export function readGrant(token: string, key: string): Grant | undefined {
  const [, claims, mac] = /^([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{43})$/.exec(token) ?? [];
  if (claims === undefined || mac === undefined) return undefined;
  if (!timingSafeEqual(Buffer.from(toMac(claims, key)), Buffer.from(mac))) return undefined;
  const [purpose, audience, expiresAt] = claimsSchema.parse(
    JSON.parse(Buffer.from(claims, 'base64url').toString()),
  );
  return { purpose, audience, expiresAt };
}

export function toSignedText({ purpose, audience, expiresAt }: Grant): string {
  return JSON.stringify([purpose, audience, expiresAt]);
}

function toMac(claims: string, key: string): string {
  return createHmac('sha256', key).update(claims).digest('base64url');
}
