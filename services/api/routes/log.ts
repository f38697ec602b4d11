import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { toActor } from '../../core/access/index.ts';
import type { LogSpan, Queue } from '../../core/queue/index.ts';
import { parseByteRange } from '../byte-range.ts';
import type { ApiDeps } from '../deps.ts';
import { isKnown } from '../etag.ts';
import { type Message, toEventStream } from '../event-stream.ts';
import { createPlainFilter, followLogText, parseLogPosition } from '../log-text.ts';
import { Problem } from '../problem.ts';
import { answersText, createRoutes, jobParams, notModified, refuses } from '../route.ts';
import { readJob } from './jobs.ts';

const bytes = { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } };

const read = createRoute({
  method: 'get',
  path: '/api/v1/jobs/{id}/log',
  operationId: 'readLog',
  tags: ['Logs'],
  summary: "The newest attempt's log, byte for byte",
  description: 'Costs what is asked for, wherever it stands. The ETag changes whenever the log does.',
  request: {
    params: jobParams,
    query: z.object({ from: z.coerce.number().int().nonnegative().default(0) }),
    headers: z.object({
      range: z.string().max(200).optional(),
      'if-range': z.string().max(200).optional(),
    }),
  },
  responses: {
    200: { description: 'All bytes from `from` on, until now.', content: bytes },
    206: { description: 'The bytes of the Range header.', content: bytes },
    ...notModified,
    ...refuses(404, 416),
  },
});

const follow = createRoute({
  method: 'get',
  path: '/api/v1/jobs/{id}/log/stream',
  operationId: 'followLog',
  tags: ['Logs'],
  summary: 'The log of all attempts as it grows, as text for eyes',
  description:
    'Server-sent events: `chunk` with LogText, whose id `<fence>-<n>` a reader gives back as Last-Event-ID or ' +
    '`from`; `end` when the job has ended and all was sent.',
  request: {
    params: jobParams,
    query: z.object({ from: z.string().max(50).optional() }),
    headers: z.object({ 'last-event-id': z.string().max(50).optional() }),
  },
  responses: { 200: answersText('text/event-stream', 'Until the job has ended.'), ...refuses(404) },
});

/** A log as exact bytes, and as text while it grows. */
export function createLogRoutes(deps: ApiDeps) {
  return createRoutes()
    .openapi(read, async (c) => {
      const { id } = c.req.valid('param');
      await readJob(deps, id);
      const whole = await deps.queue.seekLog(id, c.req.valid('query'));
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
    .openapi(follow, async (c) => {
      const { id } = c.req.valid('param');
      await readJob(deps, id);
      const from = parseLogPosition(c.req.valid('header')['last-event-id'] ?? c.req.valid('query').from);
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
