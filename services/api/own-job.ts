import { createMiddleware } from 'hono/factory';
import type { ApiEnv } from './env.ts';
import { Problem } from './problem.ts';

/** The token of a job opens that job, and nothing else. */
export const ownJob = createMiddleware<ApiEnv>(async (c, next) => {
  const identity = c.get('identity');
  if (identity.role !== 'job' || identity.job !== c.req.param('id'))
    throw new Problem(403, 'This token is that of another job.');
  await next();
});

export function toFence(identity: ApiEnv['Variables']['identity']): number {
  if (identity.role !== 'job') throw new Problem(403, 'Only the agent of a job says this.');
  return identity.fence;
}
