import type { Role } from '../core/access/index.ts';

/** The least role of people, and beside it the machines. */
export type AccessRule = 'open' | readonly Role[];

/**
 * Who may ask for what: every route of the api, by method and pattern, with the least role of people that
 * it takes (`view` < `trigger` < `admin`) and the machines that it is for. A route that is not here is
 * refused; `test/services/api/access-rules.test.ts` compares this list with the routes that exist.
 *
 * `open` needs no credential: health, the webhooks, whose signature is one, and what leads to a credential:
 * signing in at the identity provider, and asking for a terminal what a person must then confirm.
 */
export const accessRules: Readonly<Record<string, AccessRule>> = {
  'GET /healthz': 'open',
  'GET /readyz': ['admin', 'launcher', 'metrics'],
  'GET /metrics': ['admin', 'metrics'],

  'POST /webhooks/:forge': 'open',
  'POST /webhooks/:forge/:hook': 'open',

  'GET /': ['view', 'launcher'],
  'GET /jobs/:id': ['view', 'launcher'],
  'GET /jobs/:id/live': ['view', 'launcher'],
  'GET /jobs/:id/artifacts': ['view', 'launcher'],
  'GET /session': ['view'],
  'POST /sessions/:session/end': ['view'],
  'POST /sign-out': ['view'],
  'GET /device': ['view'],
  'POST /device': ['view'],

  'GET /sign-in': 'open',
  'GET /sign-in/callback': 'open',
  'POST /oauth/device_authorization': 'open',
  'POST /oauth/token': 'open',

  'GET /api/v1/openapi.json': ['view', 'launcher'],
  'GET /api/v1/docs': ['view', 'launcher'],

  'GET /api/v1/jobs': ['view', 'launcher'],
  'POST /api/v1/jobs': ['trigger'],
  'GET /api/v1/jobs/:id': ['view', 'launcher'],
  'POST /api/v1/jobs/:id/cancel': ['trigger'],
  'POST /api/v1/jobs/:id/retry': ['trigger'],
  'POST /api/v1/jobs/:id/requeue': ['trigger'],
  'GET /api/v1/jobs/:id/log': ['view', 'launcher'],
  'GET /api/v1/jobs/:id/log/stream': ['view', 'launcher'],
  'GET /api/v1/jobs/:id/artifacts': ['view', 'launcher'],
  'GET /api/v1/jobs/:id/artifacts/file': ['view', 'launcher'],
  'GET /api/v1/events': ['view', 'launcher'],

  'GET /api/v1/dead-letters': ['view', 'launcher'],
  'GET /api/v1/agents': ['view', 'launcher'],
  'GET /api/v1/pools': ['view', 'launcher'],
  'GET /api/v1/queue': ['view', 'launcher'],
  'GET /api/v1/pipelines/:pipeline': ['view', 'launcher'],
  'POST /api/v1/pipelines/:pipeline/approve': ['trigger'],
  'POST /api/v1/pipelines/:pipeline/skip': ['trigger'],
  'POST /api/v1/pipelines/:pipeline/retry': ['trigger'],

  'GET /api/v1/repositories': ['view', 'launcher'],
  'GET /api/v1/repositories/:forge/:owner/:name': ['view', 'launcher'],
  'PUT /api/v1/repositories/:forge/:owner/:name': ['admin', 'launcher'],
  'PATCH /api/v1/repositories/:forge/:owner/:name': ['admin'],
  'DELETE /api/v1/repositories/:forge/:owner/:name': ['admin'],
  'POST /api/v1/repositories/:forge/:owner/:name/hook': ['admin'],

  'GET /api/v1/repositories/:forge/:owner/:name/crons': ['view'],
  'PUT /api/v1/repositories/:forge/:owner/:name/crons/:cron': ['admin'],
  'DELETE /api/v1/repositories/:forge/:owner/:name/crons/:cron': ['admin'],

  'GET /api/v1/repositories/:forge/:owner/:name/secrets': ['admin'],
  'PUT /api/v1/repositories/:forge/:owner/:name/secrets/:secret': ['admin'],
  'DELETE /api/v1/repositories/:forge/:owner/:name/secrets/:secret': ['admin'],

  'GET /api/v1/me': ['view'],
  'GET /api/v1/sessions': ['view'],
  'DELETE /api/v1/sessions/:session': ['view'],
  'GET /api/v1/tokens': ['view'],
  'POST /api/v1/tokens': ['admin'],
  'DELETE /api/v1/tokens/:token': ['view'],
  'GET /api/v1/queue/audit': ['admin'],
  'POST /api/v1/queue/repair': ['admin'],
  'GET /api/v1/audit': ['admin'],

  'GET /api/v1/statuses': ['view'],
  'POST /api/v1/reconcile': ['admin', 'launcher'],
  'POST /api/v1/page-codes': ['admin', 'launcher'],
  'POST /api/v1/claim-tokens': ['admin', 'launcher'],
  'POST /api/v1/agents/:agent/lost': ['admin', 'launcher'],

  'POST /api/v1/agent/claim': ['claim'],
  'POST /api/v1/agent/jobs/:id/heartbeat': ['job'],
  'POST /api/v1/agent/jobs/:id/steps': ['job'],
  'POST /api/v1/agent/jobs/:id/workflows': ['job'],
  'PUT /api/v1/agent/jobs/:id/log/:n': ['job'],
  'GET /api/v1/agent/jobs/:id/secrets': ['job'],
  'POST /api/v1/agent/jobs/:id/artifacts': ['job'],
  'PUT /api/v1/agent/jobs/:id/artifacts/:bundle/:part': ['job'],
  'POST /api/v1/agent/jobs/:id/artifacts/:bundle': ['job'],
  'GET /api/v1/agent/jobs/:id/git/:owner/:name/info/refs': ['job'],
  'POST /api/v1/agent/jobs/:id/git/:owner/:name/git-upload-pack': ['job'],
  'POST /api/v1/agent/jobs/:id/git/:owner/:name/info/lfs/objects/batch': ['job'],
  'GET /api/v1/agent/jobs/:id/git/:owner/:name/info/lfs/objects/:oid': ['job'],
  'POST /api/v1/agent/jobs/:id/complete': ['job'],
  'GET /api/v1/agent/jobs/:id/caches/entries/:identity': ['cache'],
  'PUT /api/v1/agent/jobs/:id/caches/entries/:identity': ['cache'],
  'GET /api/v1/agent/jobs/:id/caches/packs/:sha256': ['cache'],
  'PUT /api/v1/agent/jobs/:id/caches/packs/:sha256': ['cache'],
  'POST /api/v1/agent/jobs/:id/caches/saved': ['cache'],
};

/** The routes that answer people's browsers with pages; programs are told of the others (openapi/). */
export const pageRoutes: ReadonlySet<string> = new Set([
  'GET /',
  'GET /jobs/:id',
  'GET /jobs/:id/live',
  'GET /jobs/:id/artifacts',
  'GET /api/v1/docs',
  'GET /session',
  'POST /sessions/:session/end',
  'GET /sign-in',
  'GET /sign-in/callback',
  'POST /sign-out',
  'GET /device',
  'POST /device',
]);

/**
 * The routes that heed a credential's limit to some repositories: they answer of those only. Every other
 * route refuses such a credential, so that a new one stays closed to it until it filters.
 */
export const limitedRoutes: ReadonlySet<string> = new Set([
  'GET /',
  'GET /jobs/:id',
  'GET /jobs/:id/live',
  'GET /jobs/:id/artifacts',
  'GET /api/v1/openapi.json',
  'GET /api/v1/docs',
  'GET /api/v1/jobs',
  'POST /api/v1/jobs',
  'GET /api/v1/jobs/:id',
  'POST /api/v1/jobs/:id/cancel',
  'POST /api/v1/jobs/:id/retry',
  'POST /api/v1/jobs/:id/requeue',
  'GET /api/v1/pipelines/:pipeline',
  'POST /api/v1/pipelines/:pipeline/approve',
  'POST /api/v1/pipelines/:pipeline/skip',
  'POST /api/v1/pipelines/:pipeline/retry',
  'GET /api/v1/jobs/:id/log',
  'GET /api/v1/jobs/:id/log/stream',
  'GET /api/v1/jobs/:id/artifacts',
  'GET /api/v1/jobs/:id/artifacts/file',
  'GET /api/v1/events',
  'GET /api/v1/agents',
  'GET /api/v1/pools',
  'GET /api/v1/queue',
  'GET /api/v1/repositories',
  'GET /api/v1/repositories/:forge/:owner/:name',
  'PUT /api/v1/repositories/:forge/:owner/:name',
  'PATCH /api/v1/repositories/:forge/:owner/:name',
  'DELETE /api/v1/repositories/:forge/:owner/:name',
  'POST /api/v1/repositories/:forge/:owner/:name/hook',
  'GET /api/v1/repositories/:forge/:owner/:name/crons',
  'PUT /api/v1/repositories/:forge/:owner/:name/crons/:cron',
  'DELETE /api/v1/repositories/:forge/:owner/:name/crons/:cron',
  'GET /api/v1/repositories/:forge/:owner/:name/secrets',
  'PUT /api/v1/repositories/:forge/:owner/:name/secrets/:secret',
  'DELETE /api/v1/repositories/:forge/:owner/:name/secrets/:secret',
  'GET /api/v1/me',
]);
