import { request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { GitCredentials } from './heads.ts';

export interface OpenAnswerOptions {
  headers: OutgoingHttpHeaders;
  /** With one it is a POST. */
  body?: Uint8Array | undefined;
  credentials?: GitCredentials | undefined;
  /** Ends the answer, too. */
  signal: AbortSignal;
  /** Without a byte. @default 60000 */
  idleMs?: number | undefined;
}

/** One request whose answer is passed on as it comes, whatever its status. No redirect is followed. */
export function openAnswer(
  url: URL,
  { headers, body, credentials, signal, idleMs = 60_000 }: OpenAnswerOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const auth = credentials && `${credentials.username}:${credentials.password}`;
    const method = body === undefined ? 'GET' : 'POST';
    const all = { 'user-agent': 'git/2 bellows', ...headers };
    const request = send(url, { method, agent: false, signal, headers: all, timeout: idleMs, auth });
    request.on('timeout', () => request.destroy(new Error(`nothing came for ${idleMs} ms`)));
    request.on('response', resolve).on('error', reject);
    request.end(body);
  });
}
