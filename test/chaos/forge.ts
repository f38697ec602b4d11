import { randomUUID } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { z } from 'zod';
import { toSignature } from '../../services/core/forge/index.ts';
import { acceptedSchema } from '../../services/core/job/index.ts';

export const repositories = ['ada/bells', 'ada/cogs'] as const;
export const zeros = '0'.repeat(40);

export interface Push {
  repository: string;
  ref: string;
  before: string;
  sha: string;
}

/** What the api said to one delivery; `status` 0 where it said nothing. */
export interface Told {
  status: number;
  answer?: string;
  jobs?: string[];
  retryAfter?: string;
  ms: number;
}

/** Stands for Gitea: knows where its refs are, and tells of pushes. */
export interface ChaosForge {
  origin: string;
  /** A push that the forge has taken: from now on a comparison of heads shows it. */
  move(push: Push): void;
  /** One delivery, to whatever listens on the port. */
  deliver(port: number, push: Push, delivery?: string, signature?: string): Promise<Told>;
  /** Any request to the api, with the admin's token; `status` 0 where nothing was said. */
  ask(port: number, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  clear(): void;
  close(): Promise<void>;
}

export interface ForgeOptions {
  secret: string;
  token: string;
  /** Without an answer for so long, a delivery has failed. */
  timeoutMs: number;
}

export async function openForge({ secret, token, timeoutMs }: ForgeOptions): Promise<ChaosForge> {
  const heads = new Map<string, Map<string, string>>();
  const server = createServer((request, response) => {
    const [, name = ''] = /^\/([^/]+\/[^/]+?)(?:\.git)?\/info\/refs/.exec(request.url ?? '') ?? [];
    const line = (text: string) => (text.length + 4).toString(16).padStart(4, '0') + text;
    const lines = [...(heads.get(name) ?? [])].map(([ref, sha]) => line(`${sha} ${ref}\n`));
    response
      .writeHead(200, { 'content-type': 'application/x-git-upload-pack-advertisement' })
      .end(`${line('# service=git-upload-pack\n')}0000${lines.join('')}0000`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const ownPort = typeof address === 'object' && address !== null ? address.port : 0;

  const openedAt = new Date().toISOString();
  const send = (
    port: number,
    method: string,
    path: string,
    headers: Record<string, string>,
    body: Buffer | undefined,
  ): Promise<{ status: number; text: string; retryAfter?: string | undefined }> =>
    new Promise((resolve) => {
      const nothing = () => resolve({ status: 0, text: '' });
      const request = httpRequest(
        { host: '127.0.0.1', port, method, path, headers, agent: false, timeout: timeoutMs },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (part: string) => {
            text += part;
          });
          response.on('error', nothing);
          response.on('close', nothing);
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text, retryAfter: response.headers['retry-after'] }),
          );
        },
      );
      request.on('timeout', () => request.destroy());
      request.on('error', nothing);
      request.end(body);
    });

  return {
    origin: `http://127.0.0.1:${ownPort}`,
    move: ({ repository, ref, sha }) => {
      const own = heads.get(repository) ?? new Map<string, string>();
      heads.set(repository, own.set(ref, sha));
    },
    async deliver(port, push, delivery = randomUUID(), signature) {
      const { repository, ref, before, sha } = push;
      const body = Buffer.from(
        JSON.stringify({
          ref,
          before,
          after: sha,
          head_commit: { id: sha, message: 'Ring', author: { name: 'Ada' } },
          repository: { id: 1, full_name: repository, default_branch: 'main', updated_at: openedAt },
          pusher: { login: 'ada' },
          // The api knows a delivery by its bytes: another one of the same push is to have others.
          compare_url: delivery,
        }),
      );
      const started = performance.now();
      const { status, text, retryAfter } = await send(
        port,
        'POST',
        '/webhooks/gitea',
        {
          'content-type': 'application/json',
          'content-length': String(body.length),
          'x-gitea-event': 'push',
          'x-gitea-delivery': delivery,
          'x-gitea-signature': signature ?? toSignature(body, secret),
        },
        body,
      );
      const ms = performance.now() - started;
      const accepted = status === 200 || status === 202 ? acceptedSchema.parse(JSON.parse(text)) : undefined;
      return {
        status,
        ms,
        ...(retryAfter === undefined ? {} : { retryAfter }),
        ...(accepted === undefined
          ? {}
          : { answer: accepted.answer, jobs: z.array(z.string()).parse(accepted.jobs) }),
      };
    },
    ask: (port, method, path, body) => {
      const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
      return send(
        port,
        method,
        path,
        {
          authorization: `Bearer ${token}`,
          ...(bytes === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': String(bytes.length) }),
        },
        bytes,
      );
    },
    clear: () => heads.clear(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
