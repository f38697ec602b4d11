import type { JobSpec } from '../../services/core/job/index.ts';
import type { EnqueueRequest, Found, NewJob } from '../../services/core/queue/index.ts';

export function toSpec(given: Partial<JobSpec> = {}): JobSpec {
  return {
    repository: 'local/ada/engine',
    event: 'push',
    ref: 'refs/heads/main',
    branch: 'main',
    sha: '1'.repeat(40),
    subject: 'Count with cogs',
    author: 'Ada',
    defaultBranch: 'main',
    timeLimitMs: 3_600_000,
    ...given,
  };
}

export function toNewJob(given: Partial<NewJob> = {}): NewJob {
  return { spec: toSpec(), pool: 'default', ...given };
}

let asked = 0;

/** A pipeline that somebody asked for; each one another, unless `key` is given. */
export function toRequest(jobs: NewJob[] = [toNewJob()], key = `request ${asked++}`): EnqueueRequest {
  return { cause: { kind: 'asked', repository: jobs[0]?.spec.repository ?? '', key }, jobs };
}

/** A push to `main`. */
export function toPush(
  after: string,
  given: { before?: string; ref?: string; branch?: string; delivery?: string } = {},
) {
  const { before, delivery, ref = 'refs/heads/main', branch = 'main' } = given;
  const request: EnqueueRequest = {
    cause: {
      kind: 'ref',
      repository: 'local/ada/engine',
      ref,
      event: 'push',
      after,
      ...(before === undefined ? {} : { before }),
    },
    ...(delivery === undefined ? {} : { delivery }),
    jobs: [toNewJob({ spec: toSpec({ sha: after, ref, branch }) })],
  };
  return request;
}

/** Workflows that a tree holds, each for itself. */
export function toFound(workflows: readonly string[]): Found {
  return { jobs: workflows.map((workflow) => ({ workflow })) };
}
