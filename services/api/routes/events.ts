import { Hono } from 'hono';
import { toActor } from '../../core/access/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { type Message, toEventStream } from '../event-stream.ts';
import { Problem } from '../problem.ts';
import { createEventFilter } from '../repository-limit.ts';

/** Every event, from a reader's last one on; `reset` says that it is too old: read a snapshot again. */
export function createEventRoutes(deps: ApiDeps) {
  return new Hono<ApiEnv>().get('/api/v1/events', async (c) => {
    const given = c.req.header('last-event-id') ?? c.req.query('from');
    if (given !== undefined && !/^\d{1,16}-\d{1,16}$/.test(given))
      throw new Problem(400, 'Last-Event-ID: expected the id of an event, <milliseconds>-<number>.');
    const identity = c.get('identity');
    const isKnown = createEventFilter(deps, identity);
    const from = given ?? (await deps.queue.jobs({ limit: 1 })).event;
    return toEventStream({
      ...deps,
      leave: deps.slots(toActor(identity)),
      messages: async function* (signal): AsyncGenerator<Message> {
        for await (const followed of deps.follower.events(from, signal))
          if ('reset' in followed) yield { event: 'reset', data: {} };
          else if (await isKnown(followed.event))
            yield { id: followed.id, event: 'job', data: followed.event };
      },
    });
  });
}
