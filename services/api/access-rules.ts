import type { Role } from '../core/access/index.ts';

const people = ['admin', 'launcher'] as const;
const lookers = ['admin', 'launcher', 'page'] as const;

/**
 * Who may ask for what: every route of the api, by method and pattern. A route that is not here is
 * refused; `test/services/api/access-rules.test.ts` compares this list with the routes that exist.
 *
 * `open` needs no credential: health, and the webhooks, whose signature is one.
 */
export const accessRules: Readonly<Record<string, 'open' | readonly Role[]>> = {
  'GET /healthz': 'open',
  'GET /readyz': ['admin', 'launcher', 'metrics'],
  'GET /metrics': ['admin', 'metrics'],

  'POST /webhooks/:forge': 'open',
  'POST /webhooks/:forge/:hook': 'open',

  'GET /': lookers,
  'GET /jobs/:id': lookers,
  'GET /jobs/:id/live': lookers,

  'GET /api/v1/jobs': lookers,
  'POST /api/v1/jobs': ['admin'],
  'GET /api/v1/jobs/:id': lookers,
  'POST /api/v1/jobs/:id/cancel': ['admin'],
  'POST /api/v1/jobs/:id/retry': ['admin'],
  'GET /api/v1/jobs/:id/log': lookers,
  'GET /api/v1/jobs/:id/log/stream': lookers,
  'GET /api/v1/events': lookers,

  'GET /api/v1/repositories': people,
  'GET /api/v1/repositories/:forge/:owner/:name': people,
  'PUT /api/v1/repositories/:forge/:owner/:name': people,
  'PATCH /api/v1/repositories/:forge/:owner/:name': ['admin'],
  'DELETE /api/v1/repositories/:forge/:owner/:name': ['admin'],
  'POST /api/v1/repositories/:forge/:owner/:name/hook': ['admin'],

  'POST /api/v1/reconcile': people,
  'POST /api/v1/page-codes': people,
  'POST /api/v1/claim-tokens': people,
  'POST /api/v1/agents/:agent/lost': people,

  'POST /api/v1/agent/claim': ['claim'],
  'POST /api/v1/agent/jobs/:id/heartbeat': ['job'],
  'POST /api/v1/agent/jobs/:id/steps': ['job'],
  'POST /api/v1/agent/jobs/:id/workflows': ['job'],
  'PUT /api/v1/agent/jobs/:id/log/:n': ['job'],
  'POST /api/v1/agent/jobs/:id/complete': ['job'],
};
