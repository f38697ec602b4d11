import { SealError } from '../core/access/index.ts';
import { isForeign, type JobSecrets, type JobSpec } from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';

export const noSecretsKey =
  'this Bellows keeps no secrets: it has no key to seal them with. Put 32 random bytes as text into the file secrets-key in BELLOWS_SECRETS_DIR, for example by openssl rand -base64 32, and start the api again.';

/** What a job is given of the secrets that its steps name, and why not the others. Nothing of it is kept. */
export async function openJobSecrets(
  { repositorySecrets, log }: Pick<ApiDeps, 'repositorySecrets' | 'log'>,
  spec: JobSpec,
  names: readonly string[],
): Promise<JobSecrets> {
  const refuseAll = (why: string): JobSecrets => ({
    secrets: {},
    refused: Object.fromEntries(names.map((name) => [name, why])),
  });
  if (repositorySecrets === undefined) return refuseAll(noSecretsKey);
  if (isForeign(spec))
    return refuseAll('what it runs may be of somebody who cannot push to the repository: it gets no secrets');
  try {
    const found = await repositorySecrets.open(spec.repository, names);
    const secrets: JobSecrets['secrets'] = {};
    const refused: JobSecrets['refused'] = {};
    for (const name of names) {
      const secret = found.get(name);
      if (secret === undefined)
        refused[name] =
          `${spec.repository} has none of this name: ./bellows secret set ${spec.repository} ${name}`;
      else if (!secret.events.includes(spec.event))
        refused[name] = `it is for ${secret.events.join(', ')}, and this is ${spec.event}`;
      else secrets[name] = secret.value;
    }
    return { secrets, refused };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    log.error({ err: error, repository: spec.repository }, 'a secret cannot be opened');
    return refuseAll(`the api cannot open it. ${error.message}`);
  }
}
