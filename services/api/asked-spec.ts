import { isForeign, type JobSpec, type Repository, type Trigger } from '../core/job/index.ts';
import type { ApiDeps } from './deps.ts';
import { isPushed } from './is-pushed.ts';
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
  const known =
    wanted.sha === undefined ||
    isForeign(spec) ||
    (await isPushed(deps.queue, deps.reconciler, repository, { ref, sha }));
  return known ? spec : { ...spec, foreign: true };
}
