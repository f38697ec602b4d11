import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { createToken, knowsRepository } from '../../core/access/index.ts';
import { HeadsError, toHookWords } from '../../core/forge/index.ts';
import {
  hookSchema,
  type Repository,
  repositoryPatchSchema,
  repositorySchema,
} from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { tagByBody } from '../etag.ts';
import { noRepository, Problem } from '../problem.ts';
import {
  answers,
  createRoutes,
  notModified,
  refuses,
  repositoryParams,
  takes,
  toRepositoryId,
} from '../route.ts';
import { readRepository } from './jobs.ts';

const path = '/api/v1/repositories/{forge}/{owner}/{name}';
const params = repositoryParams;

const list = createRoute({
  method: 'get',
  path: '/api/v1/repositories',
  operationId: 'listRepositories',
  tags: ['Repositories'],
  summary: 'The repositories that may send events',
  responses: {
    200: answers(z.object({ repositories: z.array(repositorySchema) }), 'All of them.'),
    ...notModified,
  },
});
const get = createRoute({
  method: 'get',
  path,
  operationId: 'getRepository',
  tags: ['Repositories'],
  summary: 'One repository',
  request: { params },
  responses: { ...refuses(404), ...notModified, 200: answers(repositorySchema, 'Its settings.') },
});
const put = createRoute({
  method: 'put',
  path,
  operationId: 'putRepository',
  tags: ['Repositories'],
  summary: 'Register a repository, or replace its settings',
  request: { params, body: takes(repositorySchema) },
  responses: { ...refuses(422), 200: answers(repositorySchema, 'Its settings.') },
});
const patch = createRoute({
  method: 'patch',
  path,
  operationId: 'patchRepository',
  tags: ['Repositories'],
  summary: 'Change some settings of a repository',
  request: { params, body: takes(repositoryPatchSchema) },
  responses: { ...refuses(404), 200: answers(repositorySchema, 'Its settings.') },
});
const remove = createRoute({
  method: 'delete',
  path,
  operationId: 'removeRepository',
  tags: ['Repositories'],
  summary: 'Forget a repository with its secrets and crons; its jobs stay',
  request: { params },
  responses: { ...refuses(404), 204: { description: 'It is gone.' } },
});
const renewHook = createRoute({
  method: 'post',
  path: `${path}/hook`,
  operationId: 'renewHook',
  tags: ['Repositories'],
  summary:
    'Give a repository its own hook, or renew its secret; the one before stays good until the next time',
  request: { params },
  responses: {
    ...refuses(404),
    200: answers(hookSchema, 'The secret is shown this once.'),
  },
});

export function createRepositoryRoutes(deps: ApiDeps) {
  const { repositories } = deps;
  const app = createRoutes();
  app.use('/api/v1/repositories', tagByBody);
  app.use('/api/v1/repositories/:forge/:owner/:name', tagByBody);
  return app
    .openapi(list, async (c) => {
      const known = (await repositories.list()).filter(({ id }) => knowsRepository(c.get('identity'), id));
      return c.json({ repositories: known }, 200);
    })
    .openapi(get, async (c) => c.json(await readRepository(deps, toRepositoryId(c.req.valid('param'))), 200))
    .openapi(put, async (c) => {
      const id = toRepositoryId(c.req.valid('param'));
      const repository = c.req.valid('json');
      if (repository.id !== id || `${repository.forge}/${repository.name}` !== id)
        throw new Problem(
          422,
          `The body speaks of ${repository.id} (${repository.forge}, ${repository.name}), the path of ${id}.`,
        );
      // The launcher registers what was pushed to the local remote, and trusts nobody.
      if (repository.trustedWith !== undefined && c.get('identity').role !== 'admin')
        throw new Problem(403, 'Only an admin trusts a repository with the machine.');
      if (deps.origins[repository.forge] === undefined)
        throw new Problem(
          422,
          `No ${repository.forge} is registered to clone from: set BELLOWS_${repository.forge.toUpperCase()}_ORIGIN.`,
        );
      if (repository.forge !== 'local' && (await repositories.get(id)) === undefined)
        await noteHeads(deps, repository);
      await repositories.put(repository);
      return c.json(repository, 200);
    })
    .openapi(patch, async (c) => {
      const before = await readRepository(deps, toRepositoryId(c.req.valid('param')));
      const given = Object.entries(c.req.valid('json')).filter(([, value]) => value !== undefined);
      const all = Object.entries({ ...before, ...Object.fromEntries(given) });
      const after = repositorySchema.parse(Object.fromEntries(all.filter(([, value]) => value !== null)));
      await repositories.put(after);
      return c.json(after, 200);
    })
    .openapi(remove, async (c) => {
      const id = toRepositoryId(c.req.valid('param'));
      await deps.repositorySecrets?.removeAll(id);
      await deps.crons.removeAll(id);
      if (!(await repositories.remove(id))) throw noRepository(id);
      return c.body(null, 204);
    })
    .openapi(renewHook, async (c) => {
      const { id, forge } = await readRepository(deps, toRepositoryId(c.req.valid('param')));
      const secret = createToken();
      const { hook } = await repositories.setHookSecret(id, secret);
      const events = toHookWords(forge === 'github' ? forge : 'gitea');
      return c.json({ url: `${deps.publicUrl}/webhooks/${forge}/${hook}`, secret, events }, 200);
    });
}

/**
 * What a forge already holds when a repository is registered is not news: only what moves from here on is
 * built. Our own remote's repositories are born empty, and registered by their first push.
 */
async function noteHeads(deps: ApiDeps, repository: Repository): Promise<void> {
  try {
    await deps.reconciler.noteHeads(repository);
  } catch (error) {
    if (!(error instanceof HeadsError)) throw error;
    deps.log.warn(
      { err: error },
      'registered, but its forge does not answer; webhooks are taken all the same',
    );
  }
}
