import { request } from 'node:http';
import { toSignature } from '../core/forge/index.ts';
import type { Movement } from './ledger.ts';

export interface Delivery {
  body: Buffer;
  /** The forge's id of this delivery. */
  id: string;
}

export interface HookAnswer {
  status: number;
  /** Of the api's JSON: `enqueued` or `dup`. */
  answer?: string;
}

/** A forge that tells the api of pushes, in Gitea's format. */
export interface Hooks {
  /** Signed as it must be. */
  send(delivery: Delivery): Promise<HookAnswer>;
  /** With this signature header, or none. */
  sendWith(delivery: Delivery, signature: string | undefined): Promise<HookAnswer>;
  sign(body: Buffer): string;
}

const limitMs = 10_000;

/** @param url of the route, the forge's name included */
export function createHooks(url: string, secret: string): Hooks {
  const sign = (body: Buffer) => toSignature(body, secret);
  const sendWith: Hooks['sendWith'] = ({ body, id }, signature) =>
    new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': String(body.length),
        'x-gitea-event': 'push',
        'x-gitea-delivery': id,
        ...(signature === undefined ? {} : { 'x-gitea-signature': signature }),
      };
      const call = request(url, { method: 'POST', headers, agent: false, timeout: limitMs }, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, ...toAnswer(Buffer.concat(parts)) }),
        );
      });
      call.on('timeout', () => call.destroy(new Error(`no answer to a webhook in ${limitMs / 1000} s`)));
      call.on('error', reject);
      call.end(body);
    });
  return { sign, sendWith, send: (delivery) => sendWith(delivery, sign(delivery.body)) };
}

function toAnswer(body: Buffer): { answer?: string } {
  try {
    const { answer } = JSON.parse(body.toString()) as { answer?: unknown };
    return typeof answer === 'string' ? { answer } : {};
  } catch {
    return {}; // a refusal need not be JSON
  }
}

const zeros = '0'.repeat(40);

/** Gitea's `push` of a new branch. */
export function toDelivery({ repository, ref, sha }: Movement): Delivery {
  const fullName = repository.slice(repository.indexOf('/') + 1);
  const person = { login: 'demo', username: 'demo' };
  const payload = {
    ref,
    before: zeros,
    after: sha,
    head_commit: { id: sha, message: 'Sent by a webhook', author: person },
    repository: { id: 1, full_name: fullName, default_branch: 'main', updated_at: new Date().toISOString() },
    pusher: person,
  };
  return { body: Buffer.from(JSON.stringify(payload)), id: crypto.randomUUID() };
}
