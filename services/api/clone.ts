import { type Secrets, signToken } from '../core/access/index.ts';
import type { GitCredentials } from '../core/forge/index.ts';
import type { Forge } from '../core/job/index.ts';

/** Enough to start and clone; afterwards the password opens nothing. */
const cloneMs = 15 * 60_000;

/** HTTP basic credentials that read one repository of our own remote for a while. */
export function toCloneCredentials(repository: string, key: string): GitCredentials {
  const grant = { purpose: 'clone', audience: repository, expiresAt: Date.now() + cloneMs };
  return { username: 'job', password: signToken(grant, key) };
}

/**
 * Read a forge's repositories with the token that it gave to this Bellows; undefined where there is none. Agents are
 * never given them: routes/git.ts. Both forges take a token for the password, whatever the name.
 */
export function toForgeCredentials(
  { forges = {} }: Pick<Secrets, 'forges'>,
  forge: Exclude<Forge, 'local'>,
): GitCredentials | undefined {
  const password = forges[forge];
  return password === undefined ? undefined : { username: 'x-access-token', password };
}
