import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import { apiTokenSchema, createdTokenSchema, nameSchema, newTokenSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { toPerson } from '../person.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses, takes } from '../route.ts';
import { readRepository } from './jobs.ts';

const dayMs = 24 * 3_600_000;

const list = createRoute({
  method: 'get',
  path: '/api/v1/tokens',
  operationId: 'listTokens',
  tags: ['Access'],
  summary: 'API tokens: an admin sees all, others their own',
  responses: { 200: answers(z.object({ tokens: z.array(apiTokenSchema) }), 'By name, without themselves.') },
});
const create = createRoute({
  method: 'post',
  path: '/api/v1/tokens',
  operationId: 'createToken',
  tags: ['Access'],
  summary: 'Make an API token, for at most a year; it may be limited to some repositories',
  request: { body: takes(newTokenSchema) },
  responses: { ...refuses(404, 409), 201: answers(createdTokenSchema, 'The token, shown this once.') },
});
const revoke = createRoute({
  method: 'delete',
  path: '/api/v1/tokens/{token}',
  operationId: 'revokeToken',
  tags: ['Access'],
  summary: 'Revoke an API token by its name: an admin any, others their own',
  request: { params: z.object({ token: nameSchema }) },
  responses: { ...refuses(404), 204: { description: 'It opens nothing any more.' } },
});

/** API tokens: what programs of people carry. */
export function createTokenRoutes({ apiTokens, repositories }: ApiDeps) {
  return createRoutes()
    .openapi(list, async (c) => {
      const person = toPerson(c.get('identity'));
      const isShown = ({ name, createdBy }: { name: string; createdBy: string }) =>
        person.role === 'admin' || name === person.token || createdBy === toActor(person);
      return c.json({ tokens: (await apiTokens.list()).filter(isShown) }, 200);
    })
    .openapi(create, async (c) => {
      const { expiresInDays, ...wanted } = c.req.valid('json');
      for (const id of wanted.repositories ?? []) await readRepository({ repositories }, id);
      const given = {
        ...wanted,
        createdBy: toActor(c.get('identity')),
        expiresAt: Date.now() + expiresInDays * dayMs,
      };
      const created = await apiTokens.create(given);
      if (created === 'taken')
        throw new Problem(409, `There is a token "${given.name}"; revoke it first, or choose another name.`);
      if (created === 'full') throw new Problem(409, 'There are too many tokens; revoke some first.');
      return c.json({ ...given, ...created }, 201);
    })
    .openapi(revoke, async (c) => {
      const { token: name } = c.req.valid('param');
      const person = toPerson(c.get('identity'));
      const token = await apiTokens.get(name);
      const isOwn = person.role === 'admin' || name === person.token || token?.createdBy === toActor(person);
      // Somebody else's is answered as none.
      if (token === undefined || !isOwn || !(await apiTokens.revoke(name)))
        throw new Problem(404, `There is no token "${name}".`);
      return c.body(null, 204);
    });
}
