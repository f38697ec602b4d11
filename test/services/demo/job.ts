import type { Job, JobSpec } from '../../../services/core/job/index.ts';

/** A job of the demo; only what a test is about need be said. */
export function aJob({ spec, ...over }: Partial<Omit<Job, 'spec'>> & { spec?: Partial<JobSpec> } = {}): Job {
  const id = over.id ?? '0'.repeat(20);
  return {
    id,
    pipeline: id,
    pool: 'default',
    state: 'success',
    cancelling: false,
    attempt: 1,
    fence: 1,
    createdAt: 1000,
    queuedAt: 1000,
    startedAt: 1100,
    finishedAt: 1300,
    steps: [],
    ...over,
    spec: {
      repository: 'local/demo/x',
      event: 'push',
      ref: 'refs/heads/main',
      branch: 'main',
      sha: 'a'.repeat(40),
      subject: 'Begin',
      author: 'Demo',
      defaultBranch: 'main',
      timeLimitMs: 3_600_000,
      ...spec,
    },
  };
}
