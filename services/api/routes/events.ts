import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import { jobIdSchema, repositoryIdSchema } from '../../core/job/index.ts';
import type { ApiDeps } from '../deps.ts';
import { type Message, toEventStream } from '../event-stream.ts';
import { createEventFilter } from '../repository-limit.ts';
import { answersText, createRoutes } from '../route.ts';

const eventId = z
  .string()
  .regex(/^\d{1,16}-\d{1,16}$/, 'expected the id of an event, <milliseconds>-<number>')
  .optional();

const follow = createRoute({
  method: 'get',
  path: '/api/v1/events',
  operationId: 'followEvents',
  tags: ['Events'],
  summary: 'What happens to jobs, as it happens',
  description:
    'Server-sent events, of one repository or one job where that is asked. `job` carries a JobEvent, and its id is where a reader goes on: as Last-Event-ID or ' +
    "`from`; without one, with what comes now. `reset` says that the reader's place is too old: read the jobs " +
    'again, and go on from the `event` of that answer. A comment comes at least each 15 s.',
  request: {
    headers: z.object({ 'last-event-id': eventId }),
    query: z.object({
      from: eventId,
      repository: repositoryIdSchema.optional(),
      job: jobIdSchema.optional(),
    }),
  },
  responses: { 200: answersText('text/event-stream', 'Until the reader leaves, or the api stops.') },
});

/** Every event, from a reader's last one on; `reset` says that it is too old: read a snapshot again. */
export function createEventRoutes(deps: ApiDeps) {
  return createRoutes().openapi(follow, async (c) => {
    const identity = c.get('identity');
    const { from: place, ...wanted } = c.req.valid('query');
    const isWanted = createEventFilter(deps, identity, wanted);
    const from =
      c.req.valid('header')['last-event-id'] ?? place ?? (await deps.queue.jobs({ limit: 1 })).event;
    return toEventStream({
      ...deps,
      leave: deps.slots(toActor(identity)),
      messages: async function* (signal): AsyncGenerator<Message> {
        for await (const followed of deps.follower.events(from, signal))
          if ('reset' in followed) yield { event: 'reset', data: {} };
          else if (await isWanted(followed.event))
            yield { id: followed.id, event: 'job', data: followed.event };
      },
    });
  });
}
