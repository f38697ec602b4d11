import { SealError } from '../core/access/index.ts';
import {
  isForeign,
  type JobSecrets,
  type JobSpec,
  type RepositorySecret,
  toSecretEvent,
} from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';

export const noSecretsKey =
  'this Bellows keeps no secrets: it has no key to seal them with. Put an age identity into the file secrets-key in BELLOWS_SECRETS_DIR, for example by age-keygen -o secrets-key, and start the api again.';

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
      else if (!secret.events.includes(toSecretEvent(spec.event)))
        refused[name] = `it is for ${secret.events.join(', ')}, and this is ${spec.event}`;
      else if (!(await isForBranch(secret, spec)))
        refused[name] = `it is for ${secret.branches?.join(', ')}, and this is ${toRef(spec)}`;
      else secrets[name] = secret.value;
    }
    return { secrets, refused };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    log.error({ err: error, repository: spec.repository }, 'a secret cannot be opened');
    return refuseAll(`the api cannot open it. ${error.message}`);
  }
}

async function isForBranch(
  { branches }: Pick<RepositorySecret, 'branches'>,
  spec: JobSpec,
): Promise<boolean> {
  if (branches === undefined) return true;
  // With the reader of pipeline files behind it, which an api otherwise has no use for.
  const { matchesGlob, parseGlob } = await import('../core/pipeline/index.ts');
  const ref = toRef(spec);
  return branches.some((glob) => matchesGlob(parseGlob(toRefGlob(glob)), ref));
}

/** Where what runs comes from: whoever opens a pull request chooses its target, and not what it may use. */
function toRef({ ref, pullRequest }: JobSpec): string {
  return pullRequest === undefined ? ref : `refs/heads/${pullRequest.head}`;
}

function toRefGlob(glob: string): string {
  return glob.startsWith('refs/') ? glob : `refs/heads/${glob}`;
}
