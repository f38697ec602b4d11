import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { artifactPathSchema, artifactsSchema } from '../../core/job/index.ts';
import { contentTypes, toContentType } from '../artifacts/content-type.ts';
import { parseByteRange } from '../byte-range.ts';
import type { ApiDeps } from '../deps.ts';
import { isKnown } from '../etag.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, jobParams, notModified, refuses } from '../route.ts';
import { readJob } from './jobs.ts';

const schema = z.string().meta({ format: 'binary' });
const bytes = Object.fromEntries(contentTypes.map((type) => [type, { schema }]));

const list = createRoute({
  method: 'get',
  path: '/api/v1/jobs/{id}/artifacts',
  operationId: 'listArtifacts',
  tags: ['Artifacts'],
  summary: 'The files that the newest attempt of a job has kept, by path',
  request: { params: jobParams },
  responses: {
    200: answers(artifactsSchema, 'None, where it kept none or they are too old.'),
    ...refuses(404),
  },
});

const read = createRoute({
  method: 'get',
  path: '/api/v1/jobs/{id}/artifacts/file',
  operationId: 'readArtifact',
  tags: ['Artifacts'],
  summary: 'One of the files, byte for byte',
  description: 'The ETag is its sha256. Always to be saved, never shown: a job may write anything.',
  request: {
    params: jobParams,
    query: z.object({ path: artifactPathSchema }),
    headers: z.object({
      range: z.string().max(200).optional(),
      'if-range': z.string().max(200).optional(),
    }),
  },
  responses: {
    200: { description: 'All of it.', content: bytes },
    206: { description: 'The bytes of the Range header.', content: bytes },
    ...notModified,
    ...refuses(404, 416),
  },
});

/** What jobs have kept, for whoever may see the job. */
export function createArtifactRoutes(deps: ApiDeps) {
  const { artifacts } = deps;
  return createRoutes()
    .openapi(list, async (c) => {
      const { job } = await readJob(deps, c.req.valid('param').id);
      return c.json({ artifacts: await artifacts.list(job.id) }, 200);
    })
    .openapi(read, async (c) => {
      const { path } = c.req.valid('query');
      const { job } = await readJob(deps, c.req.valid('param').id);
      const found = await artifacts.find(job.id, path);
      if (found === undefined)
        throw new Problem(404, `Job ${job.id} has kept no ${path}, or it was too old.`);
      const { size, sha256 } = found;
      const tag = `"${sha256}"`;
      const headers: Record<string, string> = {
        'content-disposition': `attachment; filename="${path.split('/').at(-1)}"`,
        // Whatever a browser makes of it, it is nobody's page and runs nothing.
        'content-security-policy': "sandbox; default-src 'none'",
        'cross-origin-resource-policy': 'same-origin',
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-cache',
        etag: tag,
      };
      if (isKnown(c.req.header('if-none-match'), tag)) return c.body(null, 304, headers);
      const ifRange = c.req.header('if-range');
      const range =
        ifRange === undefined || ifRange === tag ? parseByteRange(c.req.header('range'), size) : undefined;
      if (range === 'none')
        throw new Problem(416, `The file has ${size} bytes.`, { 'content-range': `bytes */${size}` });
      const [from, until] = range === undefined ? [0, size] : [range.from, range.to + 1];
      return new Response(ReadableStream.from(artifacts.read(job.id, found, from, until)), {
        status: range === undefined ? 200 : 206,
        headers: {
          ...headers,
          'content-type': toContentType(path),
          'content-length': String(until - from),
          ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${until - 1}/${size}` }),
        },
      });
    });
}
