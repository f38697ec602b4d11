import { createHash } from 'node:crypto';
import { createMiddleware } from 'hono/factory';
import type { Queue } from '../core/queue/index.ts';
import type { ApiEnv } from './env.ts';

/** Whether an If-None-Match names this tag; weak and strong are the same here (RFC 9110, 13.1.2). */
export function isKnown(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined || ifNoneMatch.length > 2000) return false;
  const bare = (text: string) => text.trim().replace(/^W\//, '');
  return ifNoneMatch.trim() === '*' || ifNoneMatch.split(',').some((given) => bare(given) === bare(tag));
}

/** Kept by who asked, and asked about each time. */
const caching = 'private, no-cache';

/**
 * For what only changes with a job: the queue's mark is the tag, so who knows it costs one short question. It
 * is read before the answer is made: an answer may be newer than its tag, never older.
 */
export function tagByMark(queue: Pick<Queue, 'mark'>) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') return next();
    const tag = `W/"${await queue.mark()}"`;
    if (isKnown(c.req.header('if-none-match'), tag))
      return c.body(null, 304, { etag: tag, 'cache-control': caching });
    await next();
    if (c.res.status !== 200) return;
    c.header('etag', tag);
    c.header('cache-control', caching);
  });
}

/** For what changes without a mark: the tag is made of the answer, so it saves the way and not the work. */
export const tagByBody = createMiddleware<ApiEnv>(async (c, next) => {
  await next();
  if ((c.req.method !== 'GET' && c.req.method !== 'HEAD') || c.res.status !== 200) return;
  const body = await c.res.clone().arrayBuffer();
  const tag = `"${createHash('sha256').update(new Uint8Array(body)).digest('base64url').slice(0, 22)}"`;
  const headers = { etag: tag, 'cache-control': caching };
  if (isKnown(c.req.header('if-none-match'), tag)) c.res = new Response(null, { status: 304, headers });
  else for (const [name, value] of Object.entries(headers)) c.header(name, value);
});
