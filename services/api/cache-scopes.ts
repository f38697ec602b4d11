import type { Scopes } from '../core/cache/index.ts';
import { isForeign, type JobSpec } from '../core/job/index.ts';

/**
 * Whose caches a job reads, and to whose it writes. Only upwards is read: a branch its own and then the default
 * branch's; a pull request its own, then its target's and the default branch's. So nothing that a pull request has
 * made is ever restored for a branch, and what a stranger may have made is kept for nobody.
 */
export function toCacheScopes(spec: JobSpec): Scopes {
  const { branch, defaultBranch, pullRequest, ref } = spec;
  const above = [toBranch(branch), toBranch(defaultBranch)];
  if (ref.startsWith('refs/tags/')) return { read: [toBranch(defaultBranch)] };
  if (isForeign(spec)) return { read: unique(above) };
  const own = pullRequest === undefined ? toBranch(branch) : `pull request ${pullRequest.number}`;
  return { read: unique([own, ...above]), write: own };
}

const toBranch = (name: string): string => `branch ${name}`;

const unique = (scopes: readonly string[]): string[] => [...new Set(scopes)];
