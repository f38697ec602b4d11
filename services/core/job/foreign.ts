import type { JobSpec } from './spec.ts';

/**
 * Whether what a job runs may be of somebody who cannot push to the repository: of a fork, of a pull request of
 * which nothing is known but its ref, or of any commit that was asked for by its id. It gets no secrets, writes no
 * cache that others read, and pushes nothing.
 */
export function isForeign({
  event,
  ref,
  pullRequest,
  foreign,
}: Pick<JobSpec, 'event' | 'ref' | 'pullRequest' | 'foreign'>): boolean {
  if (foreign === true) return true;
  if (pullRequest !== undefined) return pullRequest.fork;
  return event.startsWith('pull_request') || ref.startsWith('refs/pull/');
}
