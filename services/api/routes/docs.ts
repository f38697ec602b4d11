import { createHash } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { isKnown } from '../etag.ts';
import type { toOpenApi } from '../openapi/document.ts';
import { explorerPolicy, toExplorerPage } from '../page/explorer.ts';
import { createRoutes, notModified } from '../route.ts';

const document = createRoute({
  method: 'get',
  path: '/api/v1/openapi.json',
  operationId: 'getOpenApi',
  tags: ['Operations'],
  summary: 'This document',
  responses: {
    200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: z.looseObject({}) } } },
    ...notModified,
  },
});

/** What the api says of itself, for programs and for people. */
export function createDocsRoutes(read: () => ReturnType<typeof toOpenApi>) {
  // Made when somebody asks, and once: it never changes while the api runs.
  let made: { text: string; tag: string; page: string } | undefined;
  const make = () => {
    const told = read();
    const text = JSON.stringify(told);
    const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`;
    return { text, tag, page: String(toExplorerPage(told)) };
  };
  const app = createRoutes();
  app.openAPIRegistry.registerPath(document);
  return app
    .get('/api/v1/openapi.json', (c) => {
      made ??= make();
      c.header('etag', made.tag);
      c.header('cache-control', 'private, no-cache');
      if (isKnown(c.req.header('if-none-match'), made.tag)) return c.body(null, 304);
      return c.body(made.text, 200, { 'content-type': 'application/json' });
    })
    .get('/api/v1/docs', (c) => {
      made ??= make();
      c.header('content-security-policy', explorerPolicy);
      return c.html(made.page);
    });
}
