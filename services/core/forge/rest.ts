import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type ForgeToken, toToken } from './token.ts';

/** A forge whose API may be asked. */
export interface ForgeAccess extends Pick<TokenAccess, 'forge' | 'origin'> {
  token: ForgeToken;
}

/** The same, with the token that is shown. */
export interface TokenAccess {
  forge: 'gitea' | 'github';
  /** Where it is, as for cloning. */
  origin: string;
  token: string;
}

export interface RestRequest {
  method?: 'GET' | 'POST' | 'PATCH';
  body?: unknown;
  /** For the whole answer. @default 10000 */
  timeoutMs?: number;
  /** Of the answer. @default 1 MiB */
  maxBytes?: number;
  /** Of an answer before: 304 where nothing has changed since, which costs none of GitHub's requests. */
  etag?: string | undefined;
}

export interface RestAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The forge did not answer, or not in time, or without end: nothing is known of the request. */
export class RestError extends Error {
  override name = 'RestError';
  /** It gave no token, and will give none until somebody allows it. */
  readonly isRefused: boolean;

  constructor(
    message: string,
    { isRefused = false, ...options }: ErrorOptions & { isRefused?: boolean } = {},
  ) {
    super(message, options);
    this.isRefused = isRefused;
  }
}

/** `https://api.github.com`, `<GitHub server>/api/v3`, `<Gitea>/api/v1`. */
export function toApiUrl({ forge, origin }: Pick<ForgeAccess, 'forge' | 'origin'>): string {
  if (forge === 'gitea') return `${origin}/api/v1`;
  return new URL(origin).host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`;
}

/**
 * One request to a forge's API. No redirect is followed: it would take the token to where nobody registered a forge.
 *
 * @param path below the API, its parts already encoded
 * @throws RestError
 */
export async function askForge(
  access: TokenAccess,
  path: string,
  { method = 'GET', body, timeoutMs = 10_000, maxBytes = 1 << 20, etag }: RestRequest = {},
): Promise<RestAnswer> {
  const url = new URL(toApiUrl(access) + path);
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const headers = {
        ...toHeaders(access, payload),
        ...(etag === undefined ? {} : { 'if-none-match': etag }),
      };
      const request = send(url, { method, agent: false, signal, headers });
      request.on('response', resolve).on('error', reject).end(payload);
    });
    const { statusCode = 0, headers } = response;
    return { status: statusCode, headers, body: await readBounded(response, maxBytes) };
  } catch (cause) {
    const why = signal.aborted ? `no answer within ${timeoutMs} ms` : toLine(cause);
    throw new RestError(`${url.origin} does not answer: ${why}`, { cause });
  }
}

/**
 * The same of a repository, with a token that is good for it; one that is refused may have been taken back, and is asked
 * for anew, once.
 *
 * @param below the repository, such as `/pulls`
 */
export async function askRepository(
  { token, ...forge }: ForgeAccess,
  repository: string,
  below: string,
  request: RestRequest = {},
): Promise<RestAnswer> {
  const path = toRepositoryPath(repository) + below;
  const shown = await toToken(token, { repository, use: 'api' });
  const answer = await askForge({ ...forge, token: shown }, path, request);
  if (answer.status !== 401 || typeof token === 'string') return answer;
  const renewed = await token({ repository, use: 'api', refused: shown });
  return askForge({ ...forge, token: renewed }, path, request);
}

/** `/repos/<owner>/<name>`. @param name `owner/name`, as registered */
export function toRepositoryPath(name: string): string {
  return `/repos/${name.split('/').map(encodeURIComponent).join('/')}`;
}

const longestWaitMs = 3_600_000;

/**
 * How long the forge asks us to wait; undefined where this is no rate limit. GitHub answers 403 or 429: with
 * Retry-After, or with no requests left until a time, or (its "secondary" limit) with neither, and then expects a minute.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
export function toPause({ status, headers, body }: RestAnswer, now: number): number | undefined {
  if (![403, 429, 503].includes(status)) return undefined;
  const bound = (ms: number) => Math.min(Math.max(ms, 1000), longestWaitMs);
  const after = headers['retry-after'];
  if (after !== undefined) {
    const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
    return bound(Number.isFinite(ms) ? ms : 60_000);
  }
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] === '0' && reset > 0) return bound(reset * 1000 - now);
  if (status === 429 || (status === 403 && /rate limit/i.test(body.toString()))) return 60_000;
  return undefined;
}

/** What the forge said, in one line: both answer errors as `{"message": …}`. */
export function toWhy({ status, body }: RestAnswer): string {
  let message = '';
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed)
      message = String(parsed.message);
  } catch {
    message = ''; // a page of a proxy: its status says enough
  }
  return `${status} ${message}`
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}

function toHeaders({ forge, token }: TokenAccess, payload: string | undefined): Record<string, string> {
  return {
    'user-agent': 'bellows',
    ...(forge === 'gitea'
      ? { authorization: `token ${token}`, accept: 'application/json' }
      : {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.github+json',
          'x-github-api-version': '2022-11-28',
        }),
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
  };
}

async function readBounded(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response) {
    size += (part as Buffer).length;
    if (size > maxBytes) throw new Error(`its answer is larger than ${maxBytes} bytes`);
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}

function toLine(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return toLine(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
