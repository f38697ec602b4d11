import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import {
  type Cron,
  type CronView,
  cronSettingsSchema,
  cronViewSchema,
  mostCrons,
  nameSchema,
} from '../../core/job/index.ts';
import { parseSchedule, ScheduleError } from '../crons/schedule.ts';
import type { ApiDeps } from '../deps.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses, repositoryParams, takes, toRepositoryId } from '../route.ts';
import { readRepository } from './jobs.ts';

const path = '/api/v1/repositories/{forge}/{owner}/{name}/crons';
const params = repositoryParams.extend({ cron: nameSchema });

const list = createRoute({
  method: 'get',
  path,
  operationId: 'listCrons',
  tags: ['Repositories'],
  summary: 'The crons of a repository: when each is due, and what became of it the last time',
  request: { params: repositoryParams },
  responses: { ...refuses(404), 200: answers(z.object({ crons: z.array(cronViewSchema) }), 'By name.') },
});
const put = createRoute({
  method: 'put',
  path: `${path}/{cron}`,
  operationId: 'putCron',
  tags: ['Repositories'],
  summary: 'Set a cron; what was due before is not made up for',
  request: { params, body: takes(cronSettingsSchema) },
  responses: { ...refuses(404, 422), 200: answers(cronViewSchema, 'The cron.') },
});
const remove = createRoute({
  method: 'delete',
  path: `${path}/{cron}`,
  operationId: 'removeCron',
  tags: ['Repositories'],
  summary: 'Remove a cron',
  request: { params },
  responses: { ...refuses(404), 204: { description: 'It is gone.' } },
});

/** Whoever sets one lets code run again and again with the repository's secrets: an admin's work. */
export function createCronRoutes(deps: ApiDeps) {
  const { crons } = deps;
  return createRoutes()
    .openapi(list, async (c) => {
      const { id } = await readRepository(deps, toRepositoryId(c.req.valid('param')));
      const known = await crons.list(id);
      return c.json({ crons: await Promise.all(known.map(toView)) }, 200);
    })
    .openapi(put, async (c) => {
      const { cron: name, ...given } = c.req.valid('param');
      const { id } = await readRepository(deps, toRepositoryId(given));
      const setBy = toActor(c.get('identity'));
      const cron: Cron = { ...c.req.valid('json'), repository: id, name, setAt: Date.now(), setBy };
      const view = await toView({ cron });
      const others = (await crons.list(id)).filter((each) => each.cron.name !== name);
      if (others.length >= mostCrons)
        throw new Problem(422, `A repository may have ${mostCrons} crons: remove one first.`);
      await crons.put(cron);
      return c.json(view, 200);
    })
    .openapi(remove, async (c) => {
      const { cron: name, ...given } = c.req.valid('param');
      const id = toRepositoryId(given);
      if (!(await crons.remove(id, name))) throw new Problem(404, `${id} has no cron "${name}".`);
      return c.body(null, 204);
    });
}

async function toView({ cron, fired }: { cron: Cron; fired?: CronView['fired'] }): Promise<CronView> {
  const schedule = await parseSchedule(cron).catch((error: unknown) => {
    throw error instanceof ScheduleError ? new Problem(422, `${error.message}.`) : error;
  });
  const next = cron.enabled ? schedule.next(Date.now()) : undefined;
  return { ...cron, ...(next === undefined ? {} : { next }), ...(fired === undefined ? {} : { fired }) };
}
