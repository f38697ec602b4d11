import type { ClientRequest, RequestOptions } from 'node:http';
import { createRequire } from 'node:module';

// Nothing is imported here but Node's own, so that the request leaves before anything is loaded; and by
// `require`: an `import` of node:http reads every export of it, and `WebSocket` alone costs 20 ms.
const load = createRequire(import.meta.url);

export interface FirstClaim {
  /** Resolves when the request has left, or cannot. Never rejects. */
  sent: Promise<void>;
  /** The JSON of a job's claim. Undefined for every other end: the request is then made again. */
  answer: Promise<unknown>;
}

/** An answer is larger only by mistake. */
const mostBytes = 256 * 1024;
const timeoutMs = 15_000;

/**
 * Asks for a job once, before this program is loaded: that takes longer than the answer. It is a head
 * start and no more, and its settings are not checked yet. The same agent asking again gets the same job.
 *
 * @param env a launcher's, who made it by the schema that it is checked against afterwards
 */
export function sendFirstClaim(
  env: Readonly<Record<string, string | undefined>>,
  token: Promise<string | undefined>,
): FirstClaim {
  const { BELLOWS_URL: url = '', BELLOWS_POOL: pool, BELLOWS_AGENT: agent, BELLOWS_PREFER: prefer } = env;
  const body = JSON.stringify({ pool, agent, prefer });
  const { request }: typeof import('node:http') = load(url.startsWith('https:') ? 'node:https' : 'node:http');
  const { promise: sent, resolve: onSent } = Promise.withResolvers<void>();
  const ask = async (): Promise<unknown> => {
    const given = await token;
    if (given === undefined) return undefined;
    const options: RequestOptions = {
      method: 'POST',
      agent: false,
      timeout: timeoutMs,
      headers: {
        authorization: `Bearer ${given}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    };
    const outgoing = request(new URL('/api/v1/agent/claim', url), options).on('finish', onSent);
    const answer = readAnswer(outgoing);
    outgoing.end(body);
    return answer;
  };
  const answer = ask()
    .catch(() => undefined)
    .finally(onSent);
  return { sent, answer };
}

function readAnswer(outgoing: ClientRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > mostBytes) outgoing.destroy(new Error('too large an answer'));
      });
      response.on('error', reject);
      response.on('end', () => {
        try {
          resolve(response.statusCode === 200 ? JSON.parse(text) : undefined);
        } catch (error) {
          reject(error);
        }
      });
    });
  });
}
