import type { ErrorHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { z } from 'zod';
import { AccessError } from '../core/access/index.ts';
import { HeadsError, PayloadError } from '../core/forge/index.ts';
import type { Log } from '../core/log/index.ts';
import { QueueError } from '../core/queue/index.ts';
import { StoreError } from '../core/store/index.ts';
import { pageRoutes } from './access-rules.ts';
import type { ApiEnv } from './env.ts';
import { toMatchedRoute } from './matched-route.ts';
import { pagePolicy, toProblemPage } from './page/html.ts';

export const problemType = 'application/problem+json';

/** What every refusal says (RFC 9457). */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  /** What its status is called; for programs, as the status is. */
  title: z.string(),
  status: z.int(),
  /** What was wrong, what was expected, what to do; for people. */
  detail: z.string(),
  /** The path that was asked for. */
  instance: z.string(),
});

export const problemTitles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  507: 'Insufficient Storage',
} as const;
export type ProblemStatus = keyof typeof problemTitles;

/** A refusal that the asker may read: what was wrong, what was expected, what to do. */
export class Problem extends Error {
  override name = 'Problem';
  readonly status: ProblemStatus;
  readonly headers: Record<string, string>;
  constructor(status: ProblemStatus, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.status = status;
    this.headers = headers;
  }
}

export function unauthorized(): Problem {
  return new Problem(401, 'A credential is needed: Authorization: Bearer <token>.', {
    'www-authenticate': 'Bearer realm="bellows"',
  });
}

/** Also for one that the asker's credential may not know: nobody learns that it exists. */
export function noJob(id: string): Problem {
  return new Problem(404, `There is no job ${id}; it may be older than the history.`);
}

export function noPipeline(id: string): Problem {
  return new Problem(404, `There is no pipeline ${id}; it may be older than the history.`);
}

export function noRepository(id: string): Problem {
  return new Problem(404, `${id} is not registered.`);
}

/** Every error leaves here, as `application/problem+json` (RFC 9457), and is logged once when it is ours. */
export function createErrorHandler({ log, signIn }: { log: Log; signIn?: unknown }): ErrorHandler<ApiEnv> {
  return (error, c) => {
    const problem = toProblem(error);
    if (problem.status >= 500)
      log.error({ path: c.req.path, status: problem.status, err: error }, 'a request failed');
    const route = toMatchedRoute(c);
    const isPage = route === undefined ? !c.req.path.startsWith('/api/') : isPageRoute(route);
    const forPeople = isPage && c.req.header('accept')?.includes('text/html') === true;
    if (forPeople && problem.status === 401 && signIn !== undefined && c.req.method === 'GET')
      return c.redirect(`/sign-in?to=${encodeURIComponent(c.req.path + new URL(c.req.url).search)}`, 303);
    return forPeople ? toPage(problem, signIn !== undefined) : toResponse(problem, c.req.path);
  };
}

function isPageRoute({ method, path }: { method: string; path: string }): boolean {
  return pageRoutes.has(`${method} ${path}`);
}

function toResponse({ status, message, headers }: Problem, path: string): Response {
  const body: z.infer<typeof problemSchema> = {
    type: 'about:blank',
    title: problemTitles[status],
    status,
    // What others threw may be no whole sentence.
    detail: message.replace(/[^.]$/, '$&.'),
    instance: path.slice(0, 300),
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': problemType, 'cache-control': 'no-store', ...headers },
  });
}

async function toPage({ status, message }: Problem, canSignIn: boolean): Promise<Response> {
  const detail =
    status === 401 && !canSignIn
      ? 'This page opens by a link that works once: `bellows open` prints one, and so does a push.'
      : message;
  return new Response(String(await toProblemPage(problemTitles[status], detail, canSignIn)), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': pagePolicy,
      'cache-control': 'no-store',
    },
  });
}

function toProblem(error: Error): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof QueueError && error.code === 'invalid') return new Problem(422, error.message);
  if (error instanceof QueueError && error.code === 'full')
    return new Problem(503, 'The queue has no room left. Try again when some jobs are done.', retryLater);
  if (error instanceof QueueError && error.code === 'archived')
    return new Problem(503, 'This log was archived, and the api knows no archive: set BELLOWS_STORE again.');
  if (error instanceof StoreError)
    return new Problem(503, 'The store of archived logs does not answer. Try again later.', retryLater);
  if (error instanceof QueueError || error instanceof AccessError)
    return new Problem(
      503,
      'The queue does not answer. Nothing is known of this request; repeat it.',
      retryLater,
    );
  if (error instanceof PayloadError) return new Problem(400, error.message);
  if (error instanceof HeadsError) return new Problem(502, error.message);
  if (error instanceof HTTPException && isStatus(error.status))
    return new Problem(error.status, error.message);
  return new Problem(500, 'The api failed. Its log says why.');
}

const retryLater = { 'retry-after': '5' };

function isStatus(status: number): status is ProblemStatus {
  return status in problemTitles;
}
