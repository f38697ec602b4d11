import type { CloneTarget } from '../core/execute/index.ts';
import type { Claim } from '../core/job/index.ts';

/**
 * Where a job's files come from. Where the api knows the way to a repository that may be private, its git is asked in
 * the forge's place, for whatever is below the forge: what a submodule may be, the api decides.
 *
 * @param api its address, as the agent's settings have it
 */
export function toCloneTarget(
  { clone, job, token }: Pick<Claim, 'clone' | 'job' | 'token'>,
  api: string,
): CloneTarget {
  const { through, ...target } = clone;
  if (through === undefined) return target;
  // `<origin>/<owner>/<name>.git`
  const of = target.url.replace(/[^/]+\/[^/]+$/, '');
  return {
    ...target,
    through: { of, at: `${api.replace(/\/+$/, '')}/api/v1/agent/jobs/${job}/git/`, token },
  };
}
