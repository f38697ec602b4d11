import type { Job, JobSpec, Step } from '../../../services/core/job/index.ts';
import { toSpec } from '../../support/job.ts';

/** A number as a job id. */
export function toJobId(number: number): string {
  return number.toString(16).padStart(20, '0');
}

/** A queued job; a test says only what it is about. */
export function createJob({
  number = 1,
  spec,
  ...given
}: { number?: number; spec?: Partial<JobSpec> } & Partial<Omit<Job, 'spec'>> = {}): Job {
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
    ...given,
    spec: toSpec({ sha: '1a2b3c4d'.repeat(5), subject: 'Turn the crank', ...spec }),
  };
}

export function createClaimedStep(startedAt: number): Step {
  return { name: 'test', state: 'running', startedAt };
}
