import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Route } from './route.ts';

export interface GitSecrets {
  /** A person's, for everything; by the credential helper. */
  pushPassword: string;
  /** True for a token that lets its bearer read this one repository (`local/<owner>/<name>`). */
  isCloneToken(token: string, repositoryId: string): boolean;
}

export type Verdict =
  | { allowed: true; mayCreate: boolean }
  | { allowed: false; status: 401 | 403; why: string };

const realm = 'a push to Bellows needs the credential helper that ./bellows up prints';

/**
 * Loopback is no wall: every user of the machine and every page in a browser reaches it. So the request
 * must name us as its host, come from no web page, and carry a credential.
 */
export function authorize(
  headers: IncomingHttpHeaders,
  route: Route,
  hosts: readonly string[],
  secrets: GitSecrets,
): Verdict {
  if (!hosts.includes(headers.host ?? ''))
    return { allowed: false, status: 403, why: `expected Host: ${hosts.join(' or ')}` };
  if (headers.origin !== undefined) return { allowed: false, status: 403, why: 'no web page may ask this' };
  const password = readPassword(headers.authorization);
  if (password === undefined) return { allowed: false, status: 401, why: realm };
  if (isSame(password, secrets.pushPassword)) return { allowed: true, mayCreate: true };
  const readsOnly = route.service === 'git-upload-pack';
  if (readsOnly && secrets.isCloneToken(password, `local/${route.repository}`))
    return { allowed: true, mayCreate: false };
  return { allowed: false, status: 401, why: realm };
}

/** The password of HTTP Basic (RFC 7617); who uses it as which user is of no matter. */
function readPassword(authorization: string | undefined): string | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]{1,4000})$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : text.slice(colon + 1);
}

function isSame(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}
