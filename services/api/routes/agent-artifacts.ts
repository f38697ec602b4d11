import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { bundleFilesSchema, bundleSchema, newBundleSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { ownJob, toFence } from '../own-job.ts';
import { answers, createRoutes, jobParams, refuses, takes } from '../route.ts';

const place = '/api/v1/agent/jobs/{id}/artifacts';
const tags = ['Agents: their protocol'];
const params = jobParams.extend({ bundle: z.coerce.number().int().positive() });
const done = { 204: { description: 'Taken.' }, ...refuses(409, 422) };

const open = createRoute({
  method: 'post',
  path: place,
  operationId: 'openBundle',
  tags,
  summary: 'Files to keep are about to come, one after the other as one row of bytes',
  request: { params: jobParams, body: takes(newBundleSchema) },
  responses: { 200: answers(bundleSchema, 'Where they go.'), ...refuses(409, 422) },
});
const put = createRoute({
  method: 'put',
  path: `${place}/{bundle}/{part}`,
  operationId: 'putArtifactPart',
  tags,
  summary: 'One MiB of that row, from part 1 on; the last one is shorter',
  request: {
    params: params.extend({ part: z.coerce.number().int().positive() }),
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
  },
  responses: done,
});
const close = createRoute({
  method: 'post',
  path: `${place}/{bundle}`,
  operationId: 'closeBundle',
  tags,
  summary: 'All of it is there, and these are the files',
  request: { params, body: takes(bundleFilesSchema) },
  responses: done,
});

/** How an agent sends what its job keeps. Every request is safe to repeat but the first, which takes room again. */
export function createAgentArtifactRoutes({ artifacts }: ApiDeps) {
  const app = createRoutes();
  app.use('/api/v1/agent/jobs/:id/artifacts/*', ownJob);
  return app
    .openapi(open, async (c) => {
      const { id } = c.req.valid('param');
      const bundle = await artifacts.open(id, toFence(c.get('identity')), c.req.valid('json'));
      return c.json({ bundle }, 200);
    })
    .openapi(put, async (c) => {
      const { id, bundle, part } = c.req.valid('param');
      await artifacts.put(id, toFence(c.get('identity')), bundle, part, () => c.req.arrayBuffer());
      return c.body(null, 204);
    })
    .openapi(close, async (c) => {
      const { id, bundle } = c.req.valid('param');
      await artifacts.close(id, toFence(c.get('identity')), bundle, c.req.valid('json'));
      return c.body(null, 204);
    });
}
