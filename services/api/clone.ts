import { signToken } from '../core/access/index.ts';
import type { GitCredentials } from '../core/forge/index.ts';

/** Enough to start and clone; afterwards the password opens nothing. */
const cloneMs = 15 * 60_000;

/** HTTP basic credentials that read one repository of our own remote for a while. */
export function toCloneCredentials(repository: string, key: string): GitCredentials {
  const grant = { purpose: 'clone', audience: repository, expiresAt: Date.now() + cloneMs };
  return { username: 'job', password: signToken(grant, key) };
}
