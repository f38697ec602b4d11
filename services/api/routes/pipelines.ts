import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import { acceptedSchema, commitSchema, jobIdSchema, settledSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { toAccepted } from '../enqueue.ts';
import { noPipeline, Problem } from '../problem.ts';
import { answers, createRoutes, refuses, takes } from '../route.ts';
import { readJob, readRepository } from './jobs.ts';

const params = z.object({ pipeline: jobIdSchema });

const approve = createRoute({
  method: 'post',
  path: '/api/v1/pipelines/{pipeline}/approve',
  operationId: 'approvePipeline',
  tags: ['Pipelines'],
  summary: 'Let the jobs of one commit run that await approval',
  request: { params, body: takes(commitSchema) },
  responses: { ...refuses(404, 409), 200: answers(settledSchema, 'How many there were.') },
});
const skip = createRoute({
  method: 'post',
  path: '/api/v1/pipelines/{pipeline}/skip',
  operationId: 'skipPipeline',
  tags: ['Pipelines'],
  summary: 'Let the jobs of one commit go that await approval: they never run',
  request: { params, body: takes(commitSchema) },
  responses: { ...refuses(404, 409), 200: answers(settledSchema, 'How many there were.') },
});
const retry = createRoute({
  method: 'post',
  path: '/api/v1/pipelines/{pipeline}/retry',
  operationId: 'retryPipeline',
  tags: ['Pipelines'],
  summary:
    'Run what did not succeed once more, in a new pipeline in which the rest stands; once for each pipeline',
  request: { params },
  responses: { ...refuses(404, 409, 422), 202: answers(acceptedSchema, 'Accepted, and on disk.') },
});

/** What people decide about all jobs of one event. */
export function createPipelineRoutes(deps: ApiDeps) {
  const { queue } = deps;
  return createRoutes()
    .openapi(approve, async (c) => {
      const { pipeline } = c.req.valid('param');
      const { sha } = c.req.valid('json');
      return c.json({ jobs: await settled(deps, pipeline, sha, await queue.approve(pipeline, sha)) }, 200);
    })
    .openapi(skip, async (c) => {
      const { pipeline } = c.req.valid('param');
      const { sha } = c.req.valid('json');
      const by = `skipped by ${toActor(c.get('identity'))}`;
      return c.json({ jobs: await settled(deps, pipeline, sha, await queue.skip(pipeline, sha, by)) }, 200);
    })
    .openapi(retry, async (c) => {
      const { pipeline } = c.req.valid('param');
      const [first = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
      if (first === '') throw noPipeline(pipeline);
      const { spec } = (await readJob(deps, first)).job;
      const { jobLimit } = await readRepository(deps, spec.repository);
      const result = await queue.rerun(pipeline, jobLimit);
      if (result.answer === 'unknown') throw noPipeline(pipeline);
      if (result.answer === 'running')
        throw new Problem(409, `Pipeline ${pipeline} has not ended yet. Cancel its jobs first, or wait.`);
      if (result.answer === 'nothing')
        throw new Problem(409, `Pipeline ${pipeline} has nothing to run again: nothing of it failed.`);
      return c.json(toAccepted(result, deps.publicUrl), 202);
    });
}

async function settled({ queue }: ApiDeps, pipeline: string, sha: string, jobs: number): Promise<number> {
  if (jobs > 0) return jobs;
  if ((await queue.pipeline(pipeline)) === undefined) throw noPipeline(pipeline);
  throw new Problem(409, `No job of pipeline ${pipeline} awaits approval for commit ${sha}.`);
}
