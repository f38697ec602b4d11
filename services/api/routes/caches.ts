import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { CacheRefusal, type OwnCacheStore } from '../../core/cache/index.ts';
import { savedCachesSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { JobCaches } from '../job-caches.ts';
import { Problem } from '../problem.ts';
import { createRoutes, jobParams, refuses, takes } from '../route.ts';
import { readJob } from './jobs.ts';

const root = '/api/v1/agent/jobs/{id}/caches';
const tags = ['Agents: their protocol'];
const bytes = { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } };
const found = { 200: { description: 'Its bytes.', content: bytes }, ...refuses(404) };
const taken = { 204: { description: 'It is kept.' }, ...refuses(404) };
const body = { required: true, content: bytes };
const entryParams = jobParams.extend({ identity: z.string().regex(/^[0-9a-f]{24}$/) });
const packParams = jobParams.extend({ sha256: z.string().regex(/^[0-9a-f]{64}$/) });

const getEntry = createRoute({
  method: 'get',
  path: `${root}/entries/{identity}`,
  operationId: 'getCacheEntry',
  tags,
  summary: 'The list of a cache’s files, of one of the scopes that the claim names',
  request: { params: entryParams, query: z.object({ scope: z.string().max(600) }) },
  responses: found,
});
const putEntry = createRoute({
  method: 'put',
  path: `${root}/entries/{identity}`,
  operationId: 'putCacheEntry',
  tags,
  summary: 'Keep a list of files, in the scope that the job may write',
  request: { params: entryParams, body },
  responses: taken,
});
const getPack = createRoute({
  method: 'get',
  path: `${root}/packs/{sha256}`,
  operationId: 'getCachePack',
  tags,
  summary: 'A part of the repository’s caches, by the SHA-256 of its bytes',
  request: { params: packParams },
  responses: found,
});
const putPack = createRoute({
  method: 'put',
  path: `${root}/packs/{sha256}`,
  operationId: 'putCachePack',
  tags,
  summary: 'Keep a part of a cache',
  request: { params: packParams, body },
  responses: taken,
});

const saved = createRoute({
  method: 'post',
  path: `${root}/saved`,
  operationId: 'reportSavedCaches',
  tags,
  summary: 'How much was kept; it becomes part of the job’s result',
  request: { params: jobParams, body: takes(savedCachesSchema) },
  responses: taken,
});

/**
 * What a job finds of those before it. The agent holds neither the store's folder nor its key: a step that could
 * read all that its agent knows could still do no more than its own job may. That the token is this job's is seen to
 * where all of an agent's routes are (own-job.ts).
 */
export function createCacheRoutes(deps: ApiDeps) {
  const app = createRoutes();
  const open = async (id: string): Promise<{ caches: JobCaches; store: OwnCacheStore }> => {
    const { caches } = deps;
    if (caches === undefined) throw new Problem(404, 'This Bellows keeps no caches: see BELLOWS_CACHE_GIB.');
    return { caches, store: await caches.open(id, async () => (await readJob(deps, id)).job.spec) };
  };
  const permitted = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (error) {
      if (error instanceof CacheRefusal) throw new Problem(403, `Refused: ${error.message}.`);
      throw error;
    }
  };
  const read = async <T>(id: string, action: (store: OwnCacheStore) => Promise<T>): Promise<T> => {
    const { caches, store } = await open(id);
    return permitted(() => caches.reading(() => action(store)));
  };
  const write = async (
    id: string,
    request: { arrayBuffer(): Promise<ArrayBuffer> },
    action: (store: OwnCacheStore, bytes: Uint8Array) => Promise<void>,
  ): Promise<void> => {
    const { caches, store } = await open(id);
    await permitted(async () => {
      store.requireWrite();
      await caches.writing(async () => action(store, new Uint8Array(await request.arrayBuffer())));
    });
    void caches.added();
  };
  const toAnswer = (body: Buffer<ArrayBuffer> | ReadableStream | undefined): Response => {
    if (body === undefined) throw new Problem(404, 'There is none of this name.');
    return new Response(body, { headers: { 'content-type': 'application/octet-stream' } });
  };

  return app
    .openapi(getEntry, async (c) => {
      const { id, identity } = c.req.valid('param');
      return toAnswer(await read(id, (store) => store.entry(c.req.valid('query').scope, identity)));
    })
    .openapi(putEntry, async (c) => {
      const { id, identity } = c.req.valid('param');
      await write(id, c.req, (store, bytes) => store.putEntry(identity, bytes));
      return c.body(null, 204);
    })
    .openapi(getPack, async (c) => {
      const { id, sha256 } = c.req.valid('param');
      const slices = await read(id, (store) => store.packSlices(sha256));
      return toAnswer(slices && ReadableStream.from(slices));
    })
    .openapi(putPack, async (c) => {
      const { id, sha256 } = c.req.valid('param');
      await write(id, c.req, (store, bytes) => store.putPack(sha256, bytes));
      return c.body(null, 204);
    })
    .openapi(saved, async (c) => {
      const report = c.req.valid('json');
      const answer = await deps.queue.addSaved(c.req.valid('param').id, report);
      if (answer === 'unknown') throw new Problem(404, 'The job has no result yet.');
      deps.metrics.cachesSaved(report);
      return c.body(null, 204);
    });
}
