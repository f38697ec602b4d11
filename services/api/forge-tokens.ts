import { SecretError, type Secrets } from '../core/access/index.ts';
import { createAppTokens, type ForgeTokens } from '../core/forge/index.ts';
import type { ApiConfig } from './config.ts';

/**
 * What each forge is shown: the token that is in its file, or at GitHub what an App gets for each repository.
 *
 * @throws SecretError where there is a half of an App, or both
 */
export function toForgeTokens(
  {
    BELLOWS_GITHUB_APP: id,
    BELLOWS_GITHUB_ORIGIN: origin,
  }: Pick<ApiConfig, 'BELLOWS_GITHUB_APP' | 'BELLOWS_GITHUB_ORIGIN'>,
  { forges = {}, githubAppKey: key }: Pick<Secrets, 'forges' | 'githubAppKey'>,
): ForgeTokens {
  if (id === undefined && key === undefined) return forges;
  if (id === undefined)
    throw new SecretError('The secret github-app-key is of no App: set BELLOWS_GITHUB_APP to its number.');
  if (key === undefined)
    throw new SecretError(`BELLOWS_GITHUB_APP is ${id}: put its private key into the secret github-app-key.`);
  if (forges.github !== undefined)
    throw new SecretError(
      `BELLOWS_GITHUB_APP is ${id}, and there is a secret forge-github: take one of them away.`,
    );
  if (origin === undefined)
    throw new SecretError(
      `BELLOWS_GITHUB_APP is ${id}: set BELLOWS_GITHUB_ORIGIN, such as https://github.com.`,
    );
  return { ...forges, github: createAppTokens({ id, key }, { origin }) };
}
