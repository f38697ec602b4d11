import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { type RepositorySecrets, toActor } from '../../core/access/index.ts';
import {
  repositorySecretSchema,
  secretBranchesSchema,
  secretEvents,
  secretEventsSchema,
  secretLimits,
  secretNameSchema,
} from '../../core/job/index.ts';
import { isMaskable } from '../../core/mask/index.ts';
import type { ApiDeps } from '../deps.ts';
import { noSecretsKey } from '../job-secrets.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses, repositoryParams, toRepositoryId } from '../route.ts';
import { readRepository } from './jobs.ts';

const path = '/api/v1/repositories/{forge}/{owner}/{name}/secrets';
const params = repositoryParams.extend({ secret: secretNameSchema });

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listSecrets',
  tags: ['Repositories'],
  summary: 'The secrets of a repository, without their values, which nobody can read',
  request: { params: repositoryParams },
  responses: {
    ...refuses(404),
    200: answers(z.object({ secrets: z.array(repositorySecretSchema) }), 'By name.'),
  },
});
const put = createRoute({
  method: 'put',
  path: `${path}/{secret}`,
  operationId: 'putSecret',
  tags: ['Repositories'],
  summary: 'Set a secret; the body is its value',
  request: {
    params,
    query: z.object({
      events: z
        .string()
        .transform((text) => [...new Set(text.split(','))])
        .pipe(secretEventsSchema)
        .optional()
        .meta({
          description: `Jobs of these are given it, comma-separated: ${secretEvents.join(', ')}. Default: as before; at first all but pull_request.`,
        }),
      branches: z
        .string()
        .transform((text) => [...new Set(text.split(','))])
        .pipe(secretBranchesSchema)
        .optional()
        .meta({
          description:
            'Jobs of these are given it: globs of branches, or of whole refs (refs/tags/v*), comma-separated. ' +
            'Default: as before; at first all refs.',
        }),
    }),
    body: {
      required: true,
      content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
    },
  },
  responses: { ...refuses(404, 422), 200: answers(repositorySecretSchema, 'What may be known of it.') },
});
const remove = createRoute({
  method: 'delete',
  path: `${path}/{secret}`,
  operationId: 'removeSecret',
  tags: ['Repositories'],
  summary: 'Remove a secret',
  request: { params },
  responses: { ...refuses(404), 204: { description: 'It is gone.' } },
});

/** Secrets go in and are used; no route shows one to a person. */
export function createSecretRoutes(deps: ApiDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const secrets = toSecrets(deps);
      const { id } = await readRepository(deps, toRepositoryId(c.req.valid('param')));
      return c.json({ secrets: await secrets.list(id) }, 200);
    })
    .openapi(put, async (c) => {
      const secrets = toSecrets(deps);
      const { id } = await readRepository(deps, toRepositoryId(c.req.valid('param')));
      const value = toValue(new Uint8Array(await c.req.arrayBuffer()));
      const { events, branches } = c.req.valid('query');
      await refuseBroken(branches ?? []);
      const setBy = toActor(c.get('identity'));
      const about = { setBy, ...(events && { events }), ...(branches && { branches }) };
      const made = await secrets.put(id, c.req.valid('param').secret, value, about);
      if (made === undefined)
        throw new Problem(
          422,
          `A repository may have ${secretLimits.count} secrets of ${secretLimits.bytesTogether / 1024} KiB together: remove one first.`,
        );
      return c.json(made, 200);
    })
    .openapi(remove, async (c) => {
      const secrets = toSecrets(deps);
      const { secret, ...repository } = c.req.valid('param');
      const id = toRepositoryId(repository);
      if (!(await secrets.remove(id, secret))) throw new Problem(404, `${id} has no secret "${secret}".`);
      return c.body(null, 204);
    });
}

function toSecrets({ repositorySecrets }: ApiDeps): RepositorySecrets {
  if (repositorySecrets === undefined)
    throw new Problem(503, `${noSecretsKey.charAt(0).toUpperCase()}${noSecretsKey.slice(1)}`);
  return repositorySecrets;
}

async function refuseBroken(globs: readonly string[]): Promise<void> {
  if (globs.length === 0) return;
  const { GlobError, parseGlob } = await import('../../core/pipeline/index.ts');
  for (const glob of globs)
    try {
      parseGlob(glob);
    } catch (error) {
      if (!(error instanceof GlobError)) throw error;
      throw new Problem(422, `The glob of branches "${glob}" ${error.message}.`);
    }
}

/** Text, since a variable of a step can hold nothing else. */
function toValue(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new Problem(422, 'The value is empty.');
  if (bytes.length > secretLimits.bytes)
    throw new Problem(413, `The value is larger than ${secretLimits.bytes} bytes.`);
  if (bytes.includes(0)) throw new Problem(422, 'The value has a byte 0, which no variable can hold.');
  const text = toText(bytes);
  if (!isMaskable(text))
    throw new Problem(
      422,
      'The value is shorter than 6 characters: too many words of a log would be the same, so it could not be masked.',
    );
  return text;
}

function toText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Problem(422, 'The value is not UTF-8: encode it, for example in base64.');
  }
}
