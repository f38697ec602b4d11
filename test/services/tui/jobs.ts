import type { Job, JobSpec, Step } from '../../../services/core/job/index.ts';

/** A number as a job id. */
export function toJobId(number: number): string {
  return number.toString(16).padStart(20, '0');
}

/** A queued job; a test says only what it is about. */
export function createJob({
  number = 1,
  ...given
}: { number?: number } & Partial<Omit<Job, 'spec'>> &
  Partial<Pick<JobSpec, 'repository' | 'branch' | 'subject' | 'author' | 'workflow' | 'retryOf'>> = {}): Job {
  const { repository, branch, subject, author, workflow, retryOf, ...job } = given;
  return {
    id: toJobId(number),
    pipeline: toJobId(number),
    pool: 'default',
    state: 'queued',
    cancelling: false,
    attempt: 0,
    fence: 0,
    createdAt: 1000,
    steps: [],
    ...job,
    spec: {
      repository: repository ?? 'local/ada/engine',
      event: 'push',
      ref: 'refs/heads/main',
      branch: branch ?? 'main',
      sha: '1a2b3c4d'.repeat(5),
      subject: subject ?? 'Turn the crank',
      author: author ?? 'Ada',
      defaultBranch: 'main',
      timeLimitMs: 3_600_000,
      ...(workflow === undefined ? {} : { workflow }),
      ...(retryOf === undefined ? {} : { retryOf }),
    },
  };
}

export function createClaimedStep(startedAt: number): Step {
  return { name: 'test', state: 'running', startedAt };
}
