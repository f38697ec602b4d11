import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Forge } from '../job/index.ts';

/** HMAC-SHA256 of the raw body, lower-case hex: what Gitea sends, and GitHub behind `sha256=`. */
export function toSignature(body: Uint8Array, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

/**
 * True when one of the secrets signed exactly these bytes. Every secret is tried, whatever the signature
 * looks like, so that the answer takes the same work each time.
 *
 * @param signature the header as it came; anything but 64 lower-case hex digits is refused. A header that
 *   was sent twice arrives joined by a comma, so it is refused too.
 * @param secrets at most two: the one in use, and the one before while it is being replaced.
 */
export function verifySignature(
  body: Uint8Array,
  signature: string | undefined,
  secrets: readonly string[],
): boolean {
  const given = Buffer.from(signature !== undefined && /^[0-9a-f]{64}$/.test(signature) ? signature : '');
  let good = false;
  for (const secret of secrets.slice(0, 2)) {
    const expected = Buffer.from(toSignature(body, secret));
    if (given.length === expected.length && timingSafeEqual(given, expected)) good = true;
  }
  return good;
}

/**
 * The one signature that a forge is asked for. Gitea also sends GitHub's header and sha1 ones; they are
 * ignored, and GitHub's route never looks at Gitea's.
 */
export function readSignature(forge: Forge, headers: Headers): string | undefined {
  if (forge !== 'github') return headers.get('x-gitea-signature') ?? undefined;
  const given = headers.get('x-hub-signature-256') ?? '';
  return given.startsWith('sha256=') ? given.slice('sha256='.length) : undefined;
}
