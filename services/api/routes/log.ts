import { Hono } from 'hono';
import { z } from 'zod';
import { jobIdSchema } from '../../core/job/index.ts';
import type { Queue } from '../../core/queue/index.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { type Message, toEventStream } from '../event-stream.ts';
import { createPlainFilter, followLogText, parseLogPosition } from '../log-text.ts';
import { Problem } from '../problem.ts';
import { readJob } from './jobs.ts';

/** A log as exact bytes, and as text while it grows. */
export function createLogRoutes(deps: ApiDeps) {
  return new Hono<ApiEnv>()
    .get('/api/v1/jobs/:id/log', async (c) => {
      const id = await toJobId(deps, c.req.param('id'));
      const from = z.coerce
        .number()
        .int()
        .nonnegative()
        .safeParse(c.req.query('from') ?? 0);
      if (!from.success) throw new Problem(400, 'from: expected a number of bytes, 0 or more.');
      return new Response(ReadableStream.from(readBytes(deps.queue, id, from.data)), {
        headers: {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${id}.log"`,
          'cache-control': 'no-store',
        },
      });
    })
    .get('/api/v1/jobs/:id/log/stream', async (c) => {
      const id = await toJobId(deps, c.req.param('id'));
      const from = parseLogPosition(c.req.header('last-event-id') ?? c.req.query('from'));
      return toEventStream({
        ...deps,
        leave: deps.slots(c.get('identity').role),
        messages: async function* (signal): AsyncGenerator<Message> {
          for await (const { id: at, chunk } of followLogText(
            deps.follower,
            id,
            from,
            signal,
            createPlainFilter,
          ))
            yield { id: at, event: 'chunk', data: chunk };
          if (!signal.aborted) yield { event: 'end', data: {} };
        },
      });
    });
}

async function toJobId(deps: ApiDeps, given: string): Promise<string> {
  const id = jobIdSchema.safeParse(given);
  if (!id.success) throw new Problem(400, `id: ${id.error.issues[0]?.message ?? 'expected a job id'}`);
  await readJob(deps, id.data);
  return id.data;
}

/** The newest attempt's bytes, some chunks at a time, as the reader takes them. */
async function* readBytes(queue: Queue, id: string, from: number): AsyncGenerator<Uint8Array> {
  let skip = from;
  let at: { fence?: number; after: number } = { after: 0 };
  for (;;) {
    const { fence, chunks } = await queue.readLog(id, at);
    for (const { n, bytes } of chunks) {
      at = { fence, after: n };
      if (skip < bytes.length) yield bytes.subarray(skip);
      skip = Math.max(0, skip - bytes.length);
    }
    if (chunks.length === 0) return;
  }
}
