import { hash } from 'node:crypto';
import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import { createToken } from '../../core/access/index.ts';
import {
  isRecent,
  PayloadError,
  parseWebhook,
  readSignature,
  verifySignature,
} from '../../core/forge/index.ts';
import { acceptedSchema, type Forge, forges } from '../../core/job/index.ts';
import { deliveryMs } from '../../core/queue/index.ts';
import type { ApiDeps } from '../deps.ts';
import { limitBody, webhookBytes } from '../door.ts';
import type { ApiEnv } from '../env.ts';
import { hear } from '../hear.ts';
import type { WebhookOutcome } from '../metrics.ts';
import { Problem } from '../problem.ts';
import { answers, createRoutes, refuses } from '../route.ts';
import { toServerSpan } from '../trace.ts';

/** What became of an event that starts nothing. */
const heardSchema = z.union([
  z.object({ answer: z.literal('ping') }),
  z.object({ answer: z.literal('ignored'), reason: z.string().optional() }),
  z.object({ answer: z.literal('gone'), ref: z.string() }),
]);

const hook = {
  method: 'post' as const,
  tags: ['Webhooks'],
  description:
    'Signed: HMAC-SHA256 over the raw body, in X-Gitea-Signature or X-Hub-Signature-256. Answered 2xx only when ' +
    'the event is on disk; a replay is a `dup`.',
  responses: {
    200: answers(z.union([acceptedSchema, heardSchema]), 'Known already, or nothing to start.'),
    202: answers(acceptedSchema, 'Accepted, and on disk.'),
    ...refuses(400, 401, 403, 404, 413, 415, 502),
  },
};
const forgeHook = createRoute({
  ...hook,
  path: '/webhooks/{forge}',
  operationId: 'receiveWebhook',
  summary: "What a forge tells, under the forge's secret",
  request: { params: z.object({ forge: z.string() }) },
});
const ownHook = createRoute({
  ...hook,
  path: '/webhooks/{forge}/{hook}',
  operationId: 'receiveOwnWebhook',
  summary: "What a forge tells, under a repository's own secret",
  request: { params: z.object({ forge: z.string(), hook: z.string() }) },
});

/**
 * What forges send. In this order, so that nothing is done for whoever did not sign, and nobody is told
 * 2xx before it is on disk: size, HMAC over the raw bytes, what it says, the awaited write, 202.
 *
 * A replay is answered 200 `dup`: it is fine, and nothing new was accepted.
 */
export function createWebhookRoutes(deps: ApiDeps) {
  const app = createRoutes();
  // Told, not enforced: a request's own checks come first, and cost what they must.
  app.openAPIRegistry.registerPath(forgeHook);
  app.openAPIRegistry.registerPath(ownHook);
  return app
    .post('/webhooks/:forge', limitBody(webhookBytes), (c) => receive(deps, c, c.req.param('forge')))
    .post('/webhooks/:forge/:hook', limitBody(webhookBytes), (c) =>
      receive(deps, c, c.req.param('forge'), c.req.param('hook')),
    );
}

async function receive(deps: ApiDeps, c: Context<ApiEnv>, name: string, hookId?: string): Promise<Response> {
  const forge = forges.find((known) => known === name);
  if (forge === undefined)
    throw new Problem(
      404,
      `No forge sends here; webhooks go to ${forges.map((f) => `/webhooks/${f}`).join(', ')}.`,
    );
  const count = (outcome: WebhookOutcome) => deps.metrics.webhook(forge, outcome);
  const receivedAt = Date.now();
  const body = new Uint8Array(await c.req.arrayBuffer());
  let id: string | undefined;
  try {
    const hook = await findHook(deps, forge, hookId);
    if (!verifySignature(body, readSignature(forge, c.req.raw.headers), hook.secrets)) {
      count('unsigned');
      throw new Problem(401, 'The signature is not that of this body under a secret of this hook.');
    }
    if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('content-type') ?? ''))
      throw new Problem(
        415,
        'Expected content type application/json; set it in the settings of the webhook.',
      );
    const { event, times, facts } = parseWebhook(forge, c.req.raw.headers, body);
    if (event.kind === 'ping' || event.kind === 'ignored') {
      count(event.kind);
      return c.json({ answer: event.kind, ...('reason' in event ? { reason: event.reason } : {}) }, 200);
    }
    id = `${forge}/${event.repository}`;
    if (hook.repository !== undefined && hook.repository !== id)
      throw new Problem(403, `This hook is that of ${hook.repository}; the body speaks of ${id}.`);
    const repository = await deps.repositories.get(id);
    if (repository === undefined) {
      count('unregistered');
      throw new Problem(404, `${id} is not registered. Register it first: bellows repo --help`);
    }
    if (forge !== 'local' && facts !== undefined) await deps.repositories.describe(id, facts);
    if (!isRecent(times, (deps.now ?? Date.now)(), deliveryMs)) {
      // Older than what is remembered: it may be one that was heard before. What is true of it, the forge knows.
      count('old');
      deps.reconciler.owe(repository.id);
      const reason = 'it is older than a week, or has no time: the forge is asked what stands';
      return c.json({ answer: 'ignored', reason }, 200);
    }
    const hearing = { ...deps, readHeads: deps.reconciler.readHeads };
    const heard = await hear(hearing, repository, event, {
      span: 'webhook',
      // Whoever signed may go on with a trace of its own.
      options: { ...toServerSpan(c.req.header('traceparent'), {}), startMs: receivedAt },
      // Its bytes, and not the forge's id: nobody signed that, and Gitea makes a new one when it delivers again.
      delivery: hash('sha256', body),
    });
    count(heard.answer);
    return c.json(heard, heard.answer === 'enqueued' ? 202 : 200);
  } catch (error) {
    if (error instanceof PayloadError || (error instanceof Problem && error.status === 415))
      count('malformed');
    else if (!(error instanceof Problem) || error.status === 503) {
      count(error instanceof Problem ? 'full' : 'unavailable');
      // The forge may never come again (Gitea does not): it is asked for what it told, as soon as can be.
      deps.reconciler.owe(id);
    }
    throw error;
  }
}

/** The forge's hook, or a repository's own. */
interface Hook {
  secrets: readonly string[];
  repository?: string;
}

async function findHook(deps: ApiDeps, forge: Forge, hookId: string | undefined): Promise<Hook> {
  if (hookId !== undefined) {
    const own = /^[A-Za-z0-9_-]{1,100}$/.test(hookId) ? await deps.repositories.hook(hookId) : undefined;
    // A hook that does not exist has a secret that nobody knows: the same work, and the same answer.
    return own?.repository.startsWith(`${forge}/`) === true ? own : { secrets: [createToken()] };
  }
  const secrets = deps.secrets.webhooks[forge];
  if (secrets.length === 0)
    throw new Problem(404, `No webhook secret is set for ${forge}: put one into the file webhook-${forge}.`);
  return { secrets };
}
