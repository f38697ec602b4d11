import { serve } from '@hono/node-server';
import { Hono } from 'hono';

/** What the framework alone can do: reads the body of a webhook, and answers. */
const app = new Hono().post('/webhooks/gitea', async (c) => {
  const body = await c.req.arrayBuffer();
  return c.json({ answer: 'read', bytes: body.byteLength }, 202);
});
const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT) });
process.on('SIGTERM', () => server.close());
