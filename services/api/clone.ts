import { signToken } from '../core/access/index.ts';
import { type ForgeTokens, type GitCredentials, toToken } from '../core/forge/index.ts';
import type { Forge } from '../core/job/index.ts';

/** Enough to start and clone; afterwards the password opens nothing. */
const cloneMs = 15 * 60_000;

/** HTTP basic credentials that read one repository of our own remote for a while. */
export function toCloneCredentials(repository: string, key: string): GitCredentials {
  const grant = { purpose: 'clone', audience: repository, expiresAt: Date.now() + cloneMs };
  return { username: 'job', password: signToken(grant, key) };
}

/** What a forge gave to this Bellows. */
export interface Trust {
  forges?: ForgeTokens | undefined;
}

/**
 * Read a repository with what its forge gave to this Bellows; undefined where that is nothing. Agents are never given it:
 * routes/git.ts. Both forges take a token for the password, whatever the name.
 *
 * @throws RestError where the forge gives no token for this repository
 */
export async function toForgeCredentials(
  { forges = {} }: Trust,
  forge: Exclude<Forge, 'local'>,
  repository: string,
): Promise<GitCredentials | undefined> {
  const token = forges[forge];
  if (token === undefined) return undefined;
  return { username: 'x-access-token', password: await toToken(token, { repository, use: 'clone' }) };
}
