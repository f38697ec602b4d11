import { HeadsError } from '../core/forge/index.ts';
import { isForeign, type JobSpec, type Repository, type Trigger } from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';
import { Problem } from './problem.ts';

type AskedDeps = Pick<ApiDeps, 'queue' | 'reconciler'>;

/**
 * What somebody asks to be run: a ref as it is now at its forge, or one commit.
 *
 * @throws Problem 404 where the forge has no such ref
 */
export async function toAskedSpec(
  deps: AskedDeps,
  repository: Repository,
  wanted: Pick<Trigger, 'ref' | 'sha'>,
): Promise<JobSpec> {
  const ref = wanted.ref ?? `refs/heads/${repository.defaultBranch}`;
  const sha = wanted.sha ?? (await deps.reconciler.readHeads(repository)).get(ref);
  if (sha === undefined) throw new Problem(404, `${repository.id} has no ${ref}.`);
  const spec: JobSpec = {
    repository: repository.id,
    event: 'manual',
    ref,
    branch: ref.replace(/^refs\/(?:heads|tags)\//, ''),
    sha,
    subject: '',
    author: '',
    defaultBranch: repository.defaultBranch,
    timeLimitMs: repository.timeLimitMs,
  };
  const known = wanted.sha === undefined || isForeign(spec) || (await isPushed(deps, repository, ref, sha));
  return known ? spec : { ...spec, foreign: true };
}

/**
 * Whether a commit is known to have been pushed to the repository itself: it is the ref's head, or a job was made of
 * it. A forge gives the commits of forks by their ids, too, whatever ref they are said to be of.
 */
async function isPushed(
  { queue, reconciler }: AskedDeps,
  repository: Repository,
  ref: string,
  sha: string,
): Promise<boolean> {
  // Nobody but its owner pushes to our own remote.
  if (repository.forge === 'local') return true;
  const { jobs } = await queue.jobs({ repository: repository.id, search: sha, limit: 1 });
  if (jobs.some(({ spec }) => spec.sha === sha && !isForeign(spec))) return true;
  try {
    return (await reconciler.readHeads(repository)).get(ref) === sha;
  } catch (error) {
    if (error instanceof HeadsError) return false;
    throw error;
  }
}
