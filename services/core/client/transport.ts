import type { Agent, request as httpRequest, IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import * as z from 'zod';

type HttpModule = Pick<typeof import('node:http'), 'Agent' | 'request'>;

// By `require`: an `import` of node:http reads every export of it, and its `WebSocket` alone loads an HTTP
// client of 20 ms, which no agent has before its first request.
const load = createRequire(import.meta.url);

/** `application/problem+json` (RFC 9457). */
export const problemSchema = z.object({
  type: z.string().default('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
});

/** What OAuth's own routes say in place of a problem (RFC 6749, 5.2). */
const oauthErrorSchema = z.object({ error: z.string(), error_description: z.string().optional() });

/** The api answered with an error; `status` is HTTP's, `code` OAuth's. */
export class ApiError extends Error {
  override name = 'ApiError';
  readonly status: number;
  readonly code: string | undefined;
  constructor(status: number, message: string, code?: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The api did not answer: refused, reset, or out of time. Nothing is known of the request. */
export class UnreachableError extends Error {
  override name = 'UnreachableError';
}

export interface TransportOptions {
  url: string;
  token?: string | undefined;
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  /** Sent as `application/octet-stream` in place of `body`. */
  bytes?: Uint8Array;
  token?: string | undefined;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Without a byte from the api, milliseconds. @default 15000 */
  timeoutMs?: number;
}

export interface Transport {
  /** The answer's JSON, parsed by `schema`; undefined for 204. */
  call<T>(path: string, schema: z.ZodType<T>, call?: Call): Promise<T>;
  /** The answer as it comes. */
  open(path: string, call?: Call): Promise<IncomingMessage>;
  close(): void;
}

// Node's own http client: `fetch` costs an agent 20 ms before its first request, TLS 15 ms that loopback
// does not need.
export function createTransport({ url, token }: TransportOptions): Transport {
  const base = new URL(url);
  let agent: Agent | undefined;

  const open = async (path: string, call: Call = {}) => {
    const http: HttpModule = load(base.protocol === 'https:' ? 'node:https' : 'node:http');
    agent ??= new http.Agent({ keepAlive: true });
    return send(http.request, agent, new URL(path, base), { ...call, token: call.token ?? token });
  };

  return {
    open: async (path, call) => {
      const response = await open(path, call);
      const status = response.statusCode ?? 0;
      if (status < 400) return response;
      throw toError(status, await readAll(response));
    },
    call: async (path, schema, call) => {
      const response = await open(path, call);
      const body = await readAll(response);
      const status = response.statusCode ?? 0;
      if (status >= 400) throw toError(status, body);
      return schema.parse(status === 204 ? undefined : JSON.parse(body.toString()));
    },
    close: () => agent?.destroy(),
  };
}

function send(request: typeof httpRequest, agent: Agent, url: URL, call: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const payload =
      call.bytes ?? (call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body)));
    const outgoing = request(url, {
      agent,
      method: call.method ?? 'GET',
      headers: {
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...(payload === undefined
          ? {}
          : {
              'content-type': call.bytes === undefined ? 'application/json' : 'application/octet-stream',
              'content-length': String(payload.byteLength),
            }),
        ...call.headers,
      },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    outgoing.setTimeout(call.timeoutMs ?? 15_000, () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('response', resolve);
    outgoing.on('error', (cause) => {
      if (call.signal?.aborted === true) reject(cause);
      else reject(new UnreachableError(`${url.origin} does not answer: ${cause.message}`, { cause }));
    });
    outgoing.end(payload);
  });
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function toError(status: number, body: Buffer): ApiError {
  try {
    const said: unknown = JSON.parse(body.toString());
    const oauth = oauthErrorSchema.safeParse(said).data;
    if (oauth !== undefined) return new ApiError(status, oauth.error_description ?? oauth.error, oauth.error);
    const problem = problemSchema.parse(said);
    return new ApiError(status, problem.detail ?? problem.title);
  } catch {
    return new ApiError(status, `the api answered ${status}`);
  }
}
