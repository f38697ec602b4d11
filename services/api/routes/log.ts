import { Hono } from 'hono';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import { jobIdSchema } from '../../core/job/index.ts';
import type { LogSpan, Queue } from '../../core/queue/index.ts';
import { parseByteRange } from '../byte-range.ts';
import type { ApiDeps } from '../deps.ts';
import type { ApiEnv } from '../env.ts';
import { isKnown } from '../etag.ts';
import { type Message, toEventStream } from '../event-stream.ts';
import { createPlainFilter, followLogText, parseLogPosition } from '../log-text.ts';
import { Problem } from '../problem.ts';
import { readJob } from './jobs.ts';

/** A log as exact bytes, and as text while it grows. */
export function createLogRoutes(deps: ApiDeps) {
  return new Hono<ApiEnv>()
    .get('/api/v1/jobs/:id/log', async (c) => {
      const id = await toJobId(deps, c.req.param('id'));
      const given = z.coerce
        .number()
        .int()
        .nonnegative()
        .safeParse(c.req.query('from') ?? 0);
      if (!given.success) throw new Problem(400, 'from: expected a number of bytes, 0 or more.');
      const whole = await deps.queue.seekLog(id, { from: given.data });
      const tag = `"${whole.fence}-${whole.size}"`;
      const headers: Record<string, string> = {
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename="${id}.log"`,
        'accept-ranges': 'bytes',
        etag: tag,
      };
      if (isKnown(c.req.header('if-none-match'), tag)) return c.body(null, 304, { etag: tag });
      const range = isStill(c.req.header('if-range'), tag)
        ? parseByteRange(c.req.header('range'), whole.size)
        : undefined;
      if (range === 'none')
        throw new Problem(416, `The log has ${whole.size} bytes until now.`, {
          'content-range': `bytes */${whole.size}`,
        });
      if (range === undefined)
        return new Response(ReadableStream.from(readBytes(deps.queue, id, whole)), { headers });
      const span = await deps.queue.seekLog(id, { ...range, fence: whole.fence });
      const length = range.to - range.from + 1;
      return new Response(ReadableStream.from(readBytes(deps.queue, id, span, length)), {
        status: 206,
        headers: {
          ...headers,
          'content-range': `bytes ${range.from}-${range.to}/${whole.size}`,
          'content-length': String(length),
        },
      });
    })
    .get('/api/v1/jobs/:id/log/stream', async (c) => {
      const id = await toJobId(deps, c.req.param('id'));
      const from = parseLogPosition(c.req.header('last-event-id') ?? c.req.query('from'));
      return toEventStream({
        ...deps,
        leave: deps.slots(toActor(c.get('identity'))),
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

/** An If-Range of another state of the log asks for all of it (RFC 9110, 13.1.5). */
function isStill(ifRange: string | undefined, tag: string): boolean {
  return ifRange === undefined || ifRange === tag;
}

/** One attempt's bytes, some chunks at a time, as the reader takes them; none before and none after. */
async function* readBytes(
  queue: Pick<Queue, 'readLog'>,
  id: string,
  { fence, after, until, skip }: LogSpan,
  length = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  let at = after;
  let begin = skip;
  let left = length;
  while (left > 0 && at < until) {
    const { chunks } = await queue.readLog(id, { fence, after: at, until });
    for (const { n, bytes } of chunks) {
      const part = bytes.subarray(begin, begin + left);
      begin = 0;
      at = n;
      left -= part.length;
      if (part.length > 0) yield part;
    }
    if (chunks.length === 0) return;
  }
}
