import { HeadsError } from '../core/forge/index.ts';
import { isForeign, type JobSpec, type Repository } from '../core/job/index.ts';
import type { Queue } from '../core/queue/index.ts';

/**
 * Whether a commit is known to have been pushed to the repository itself: it is the ref's head, or a job was made of
 * it. A forge gives the commits of forks by their ids, too, whatever ref they are said to be of.
 */
export async function isPushed(
  queue: Pick<Queue, 'jobs'>,
  forge: { readHeads(repository: Repository): Promise<ReadonlyMap<string, string>> },
  repository: Repository,
  { ref, sha }: Pick<JobSpec, 'ref' | 'sha'>,
): Promise<boolean> {
  // Nobody but its owner pushes to our own remote.
  if (repository.forge === 'local') return true;
  const { jobs } = await queue.jobs({ repository: repository.id, search: sha, limit: 1 });
  if (jobs.some(({ spec }) => spec.sha === sha && !isForeign(spec))) return true;
  try {
    return (await forge.readHeads(repository)).get(ref) === sha;
  } catch (error) {
    if (error instanceof HeadsError) return false;
    throw error;
  }
}
