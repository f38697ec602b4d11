import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { type Identity, toActor } from '../../core/access/index.ts';
import { acceptedSchema, commitSchema, jobIdSchema, settledSchema } from '../../core/job/index.ts';
import { refuseOther, toAsking } from '../approval.ts';
import type { ApiDeps } from '../deps.ts';
import { toAccepted, toQuota } from '../enqueue.ts';
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
      const about = await toDecided(deps, c.get('identity'), pipeline, sha);
      const jobs = await settled(deps, pipeline, sha, await queue.approve(pipeline, sha));
      c.set('about', `${pipeline} ${about}`);
      return c.json({ jobs, about }, 200);
    })
    .openapi(skip, async (c) => {
      const { pipeline } = c.req.valid('param');
      const { sha } = c.req.valid('json');
      const about = await toDecided(deps, c.get('identity'), pipeline, sha);
      const by = `skipped by ${toActor(c.get('identity'))}`;
      const jobs = await settled(deps, pipeline, sha, await queue.skip(pipeline, sha, by));
      c.set('about', `${pipeline} ${about}`);
      return c.json({ jobs, about }, 200);
    })
    .openapi(retry, async (c) => {
      const { pipeline } = c.req.valid('param');
      const [first = ''] = (await queue.pipeline(pipeline))?.jobs ?? [];
      if (first === '') throw noPipeline(pipeline);
      const { spec } = (await readJob(deps, first)).job;
      const repository = await readRepository(deps, spec.repository);
      const result = await queue.rerun(pipeline, toQuota(repository));
      if (result.answer === 'unknown') throw noPipeline(pipeline);
      if (result.answer === 'running')
        throw new Problem(409, `Pipeline ${pipeline} has not ended yet. Cancel its jobs first, or wait.`);
      if (result.answer === 'nothing')
        throw new Problem(409, `Pipeline ${pipeline} has nothing to run again: nothing of it failed.`);
      return c.json(toAccepted(result, deps.publicUrl), 202);
    });
}

/**
 * What is decided about: who asks for what.
 *
 * @throws Problem 403 where the repository has named others for it
 */
async function toDecided(deps: ApiDeps, identity: Identity, pipeline: string, sha: string): Promise<string> {
  const [first = ''] = (await deps.queue.pipeline(pipeline))?.jobs ?? [];
  if (first === '') throw noPipeline(pipeline);
  const { spec } = (await readJob(deps, first)).job;
  const repository = await readRepository(deps, spec.repository);
  refuseOther(repository, identity);
  return `${toAsking(repository, { ...spec, sha })} in ${repository.id}`;
}

async function settled({ queue }: ApiDeps, pipeline: string, sha: string, jobs: number): Promise<number> {
  if (jobs > 0) return jobs;
  if ((await queue.pipeline(pipeline)) === undefined) throw noPipeline(pipeline);
  throw new Problem(409, `No job of pipeline ${pipeline} awaits approval for commit ${sha}.`);
}
