import { createMiddleware } from 'hono/factory';
import { auditChanges, auditRefusals } from './audit.ts';
import { authenticate } from './authenticate.ts';
import type { ApiDeps } from './deps.ts';
import { checkNames, limitBody, refuseWrites, toMostBytes } from './door.ts';
import type { ApiEnv } from './env.ts';
import { limitFailures, limitRequests } from './limit.ts';
import { toMatchedRoute } from './matched-route.ts';
import { toOpenApi } from './openapi/document.ts';
import { createErrorHandler } from './problem.ts';
import { createRoutes } from './route.ts';
import { createAgentArtifactRoutes } from './routes/agent-artifacts.ts';
import { createAgentRoutes } from './routes/agents.ts';
import { createArtifactRoutes } from './routes/artifacts.ts';
import { createAuditRoutes } from './routes/audit.ts';
import { createCacheRoutes } from './routes/caches.ts';
import { createCronRoutes } from './routes/crons.ts';
import { createDeadLetterRoutes } from './routes/dead-letters.ts';
import { createDeviceRoutes } from './routes/device.ts';
import { createDocsRoutes } from './routes/docs.ts';
import { createEventRoutes } from './routes/events.ts';
import { createGitRoutes } from './routes/git.ts';
import { createHealthRoutes } from './routes/health.ts';
import { createIntegrityRoutes } from './routes/integrity.ts';
import { createJobRoutes } from './routes/jobs.ts';
import { createLauncherRoutes } from './routes/launcher.ts';
import { createLogRoutes } from './routes/log.ts';
import { createPageRoutes, redeemCode } from './routes/pages.ts';
import { createPipelineRoutes } from './routes/pipelines.ts';
import { createRepositoryRoutes } from './routes/repositories.ts';
import { createSecretRoutes } from './routes/secrets.ts';
import { createSessionRoutes } from './routes/sessions.ts';
import { createSignInRoutes } from './routes/sign-in.ts';
import { createStatusRoutes } from './routes/statuses.ts';
import { createSurveyRoutes } from './routes/survey.ts';
import { createTokenRoutes } from './routes/tokens.ts';
import { createWebhookRoutes } from './routes/webhooks.ts';

export type { ApiDeps } from './deps.ts';

/** The api as a function from request to response; it opens nothing, listens nowhere. */
export function createApp(deps: ApiDeps) {
  const app = createRoutes();
  app.onError(createErrorHandler(deps));
  app.use(measure(deps), harden(deps), checkNames(deps.hosts, deps.publicUrl));
  app.use(auditRefusals(deps), limitFailures(deps));
  app.on('GET', ['/', '/jobs/:id', '/api/v1/docs'], redeemCode(deps));
  app.use(authenticate(deps), refuseWrites(deps), limitRequests(deps), auditChanges(deps));
  app.use('/api/*', limitBody(toMostBytes));
  return app
    .route('/', createHealthRoutes(deps))
    .route('/', createWebhookRoutes(deps))
    .route('/', createPageRoutes(deps))
    .route(
      '/',
      createDocsRoutes(() => toOpenApi(app, deps.publicUrl)),
    )
    .route('/', createSignInRoutes(deps))
    .route('/', createDeviceRoutes(deps))
    .route('/', createLogRoutes(deps))
    .route('/', createArtifactRoutes(deps))
    .route('/', createEventRoutes(deps))
    .route('/', createJobRoutes(deps))
    .route('/', createSurveyRoutes(deps))
    .route('/', createPipelineRoutes(deps))
    .route('/', createDeadLetterRoutes(deps))
    .route('/', createIntegrityRoutes(deps))
    .route('/', createRepositoryRoutes(deps))
    .route('/', createCronRoutes(deps))
    .route('/', createTokenRoutes(deps))
    .route('/', createSessionRoutes(deps))
    .route('/', createAuditRoutes(deps))
    .route('/', createSecretRoutes(deps))
    .route('/', createStatusRoutes(deps))
    .route('/', createLauncherRoutes(deps))
    .route('/', createAgentRoutes(deps))
    .route('/', createAgentArtifactRoutes(deps))
    .route('/', createGitRoutes(deps))
    .route('/', createCacheRoutes(deps));
}

function measure({ metrics, log }: ApiDeps) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const start = performance.now();
    await next();
    const route = toMatchedRoute(c)?.path ?? 'none';
    const ms = performance.now() - start;
    metrics.request(c.req.method, route, c.res.status, ms / 1000);
    log.debug({ method: c.req.method, route, status: c.res.status, ms: Math.round(ms) }, 'request');
  });
}

const hardening = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
};

// Not by c.header: on an answer that is made it builds another one, with a body that is a stream, for each.
const harden = ({ draining }: ApiDeps) =>
  createMiddleware(async (c, next) => {
    await next();
    const { headers } = c.res;
    for (const [name, value] of Object.entries(hardening)) if (!headers.has(name)) headers.set(name, value);
    // Its next request goes elsewhere, before this replica stops to listen.
    if (draining.aborted) headers.set('connection', 'close');
  });
