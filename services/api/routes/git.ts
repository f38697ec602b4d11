import { Readable } from 'node:stream';
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import {
  findLfs,
  type GitQuestion,
  type LfsPlace,
  lfsObjectSchema,
  mostLfsObjects,
  openLfs,
  PassGitError,
  passGit,
  RestError,
} from '../../core/forge/index.ts';
import { forges, isForeign, type JobSpec, repositoryIdSchema } from '../../core/job/index.ts';
import { toForgeCredentials } from '../clone.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { ownJob } from '../own-job.ts';
import { noRepository, Problem } from '../problem.ts';
import { createRoutes, jobParams, refuses } from '../route.ts';
import { readJob } from './jobs.ts';

const place = '/api/v1/agent/jobs/{id}/git/{owner}/{name}';
const params = jobParams.extend({ owner: z.string().max(100), name: z.string().max(104) });
const tags = ['Agents: their protocol'];
const toContent = (what: string) => ({
  [`application/x-git-upload-pack-${what}`]: { schema: z.string().meta({ format: 'binary' }) },
});

const refs = createRoute({
  method: 'get',
  path: `${place}/info/refs`,
  operationId: 'readGitRefs',
  tags,
  summary: 'Where the refs of a repository stand, or what its forge can do, for the git of an agent',
  request: { params, query: z.object({ service: z.literal('git-upload-pack') }) },
  responses: {
    ...refuses(404, 502),
    200: { description: 'As the forge says it.', content: toContent('advertisement') },
  },
});
const exchange = createRoute({
  method: 'post',
  path: `${place}/git-upload-pack`,
  operationId: 'fetchGit',
  tags,
  summary: 'What the git of an agent wants of a repository',
  request: { params, body: { required: true, content: toContent('request') } },
  responses: {
    ...refuses(404, 502),
    200: { description: 'As the forge says it.', content: toContent('result') },
  },
});

const lfsType = 'application/vnd.git-lfs+json';
const batchSchema = z.object({
  operation: z.literal('download'),
  objects: z.array(lfsObjectSchema).max(mostLfsObjects),
  hash_algo: z.literal('sha256').optional(),
});
const answerSchema = z.object({
  transfer: z.literal('basic'),
  objects: z.array(z.looseObject({ oid: z.string(), size: z.int() })),
  hash_algo: z.literal('sha256'),
});
const lfsBatch = createRoute({
  method: 'post',
  path: `${place}/info/lfs/objects/batch`,
  operationId: 'findLfs',
  tags,
  summary: 'Which files in Git LFS a repository has, for the git-lfs of an agent',
  request: {
    params,
    body: { required: true, content: { [lfsType]: { schema: batchSchema } } },
  },
  responses: {
    ...refuses(404, 502),
    200: { description: 'Where each is had: here.', content: { [lfsType]: { schema: answerSchema } } },
  },
});
const lfsObject = createRoute({
  method: 'get',
  path: `${place}/info/lfs/objects/{oid}`,
  operationId: 'readLfs',
  tags,
  summary: 'A file in Git LFS',
  request: {
    params: params.extend({ oid: lfsObjectSchema.shape.oid }),
    query: z.object({ size: z.coerce.number().pipe(lfsObjectSchema.shape.size) }),
  },
  responses: {
    ...refuses(404, 502),
    200: {
      description: 'As the forge has it.',
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
  },
});

/**
 * How an agent reads a private repository: its git asks here, with the token of its job, and is answered by the
 * forge. The token that the forge gave to this Bellows stays here; what an agent has reads one repository, ends with
 * its job, and writes nothing.
 */
export function createGitRoutes(deps: ApiDeps) {
  const app = createRoutes();
  app.use('/api/v1/agent/jobs/:id/git/*', ownJob);
  const toPlace = async (c: Context<ApiEnv>, given: z.infer<typeof params>): Promise<LfsPlace> => {
    const { job } = await readJob(deps, given.id);
    return { ...(await toAsked(deps, job.spec, given)), signal: c.req.raw.signal };
  };
  const pass = async (c: Context<ApiEnv>, given: z.infer<typeof params>, question: GitQuestion) => {
    const { job } = await readJob(deps, given.id);
    const { origin, name, credentials } = await toAsked(deps, job.spec, given);
    const told = c.req.header('git-protocol');
    const { signal } = c.req.raw;
    const protocol = told !== undefined && /^version=[012]$/.test(told) ? told : undefined;
    const { type, stream } = await passGit(origin, question, { name, credentials, protocol, signal }).catch(
      refuse,
    );
    // An asker that is gone ends it by the signal.
    stream.on('error', () => stream.destroy());
    return new Response(Readable.toWeb(stream) as ReadableStream, { headers: { 'content-type': type } });
  };
  return app
    .openapi(refs, (c) => pass(c, c.req.valid('param'), { kind: 'refs' }))
    .openapi(exchange, async (c) => {
      const body = new Uint8Array(await c.req.arrayBuffer());
      return pass(c, c.req.valid('param'), {
        kind: 'exchange',
        body,
        gzip: c.req.header('content-encoding') === 'gzip',
      });
    })
    .openapi(lfsBatch, async (c) => {
      const given = c.req.valid('param');
      const { objects } = c.req.valid('json');
      const missing = await findLfs(await toPlace(c, given), objects).catch(refuse);
      const { pathname, host } = new URL(c.req.url);
      const place = `${toOrigin(host, deps.publicUrl)}${pathname.replace(/\/batch$/, '')}`;
      const found = objects.map(({ oid, size }) => {
        const error = missing.get(oid);
        const download = { href: `${place}/${oid}?size=${size}` };
        return {
          oid,
          size,
          authenticated: true,
          ...(error === undefined ? { actions: { download } } : { error }),
        };
      });
      const answer = { transfer: 'basic' as const, objects: found, hash_algo: 'sha256' as const };
      return c.json(answer, 200, { 'content-type': lfsType });
    })
    .openapi(lfsObject, async (c) => {
      const { oid, ...given } = c.req.valid('param');
      const { size } = c.req.valid('query');
      const stream = await openLfs(await toPlace(c, given), { oid, size }).catch(refuse);
      stream.on('error', () => stream.destroy());
      const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) };
      return new Response(Readable.toWeb(stream) as ReadableStream, { headers });
    });
}

/** How whoever asks by this name reaches us. The names are few: door.ts. */
function toOrigin(host: string, publicUrl: string): string {
  return new URL(publicUrl).host === host ? new URL(publicUrl).origin : `http://${host}`;
}

/**
 * A job reads its own repository, and of its forge those that its repository may read, with the token; what a
 * stranger wrote its own only. Any other is asked for as anybody may.
 */
async function toAsked(deps: ApiDeps, spec: JobSpec, { owner, name: given }: z.infer<typeof params>) {
  const forge = forges.find((known) => spec.repository.startsWith(`${known}/`));
  const name = `${owner}/${given.replace(/\.git$/, '')}`;
  const id = repositoryIdSchema.safeParse(`${forge}/${name}`);
  if (!id.success || forge === undefined || forge === 'local') throw noRepository(`${forge}/${name}`);
  const origin = deps.origins[forge];
  if (origin === undefined) throw noRepository(id.data);
  const isOwn = id.data.toLowerCase() === spec.repository.toLowerCase();
  const isRead = isOwn || (!isForeign(spec) && (await mayRead(deps, spec.repository, id.data)));
  const credentials = isRead ? await toForgeCredentials(deps.secrets, forge, name).catch(refuse) : undefined;
  return { forge, origin, name, credentials };
}

async function mayRead({ repositories }: ApiDeps, own: string, other: string): Promise<boolean> {
  const { reads = [] } = (await repositories.get(own)) ?? {};
  return reads.some((id) => id.toLowerCase() === other.toLowerCase());
}

function refuse(error: unknown): never {
  if (error instanceof PassGitError || error instanceof RestError)
    throw new Problem(502, `The repository cannot be read: ${error.message}.`);
  throw error;
}
