import { createMiddleware } from 'hono/factory';
import type { ApiEnv } from './env.ts';
import { Problem } from './problem.ts';

/** A token of a job opens that job, and nothing else; which of its tokens a route takes, the access rules say. */
export const ownJob = createMiddleware<ApiEnv>(async (c, next) => {
  const identity = c.get('identity');
  if (!('job' in identity) || identity.job !== c.req.param('id'))
    throw new Problem(403, 'This token is that of another job.');
  await next();
});

export function toFence(identity: ApiEnv['Variables']['identity']): number {
  if (identity.role !== 'job') throw new Problem(403, 'Only the agent of a job says this.');
  return identity.fence;
}
