import type { JobSpec } from '../../../services/core/job/index.ts';

const branch = `carry-the-tens/${'from-one-wheel-to-the-next-'.repeat(8)}`.slice(0, 200);

/** The spec that sizes are measured with: a kilobyte of JSON, at most 256 bytes of it when packed. */
export const specOf1KiB: JobSpec = {
  repository: 'gitea/analytical/difference-engine',
  event: 'push',
  ref: `refs/heads/${branch}`,
  branch,
  sha: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
  subject: 'Carry the tens from one wheel to the next, '.repeat(10).slice(0, 394),
  author: 'Ada Lovelace',
  defaultBranch: 'main',
  timeLimitMs: 3_600_000,
};
