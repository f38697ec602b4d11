import { Readable } from 'node:stream';
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { type GitQuestion, PassGitError, passGit, RestError } from '../../core/forge/index.ts';
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

/**
 * How an agent reads a private repository: its git asks here, with the token of its job, and is answered by the
 * forge. The token that the forge gave to this Bellows stays here; what an agent has reads one repository, ends with
 * its job, and writes nothing.
 */
export function createGitRoutes(deps: ApiDeps) {
  const app = createRoutes();
  app.use('/api/v1/agent/jobs/:id/git/*', ownJob);
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
    });
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
  return { origin, name, credentials };
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
