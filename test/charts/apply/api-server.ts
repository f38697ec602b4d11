import { Agent, request } from 'node:https';
import type { Kinds } from '../../../charts/review/schema/kinds.ts';
import type { Access } from './kubeconfig.ts';

/** What the API server made of an object. */
export interface Verdict {
  readonly says: 'accepts' | 'warns' | 'refuses';
  /** Its own words, on one line; empty where it had none. */
  readonly words: string;
}

export interface ApiServer {
  readonly version: string;
  /** Server-side, with field validation Strict. @param dryRun changes nothing. */
  apply(object: KubeObject, options?: { readonly dryRun?: boolean }): Promise<Verdict>;
  exists(object: KubeObject): Promise<boolean>;
  /** Waits until it is gone. */
  remove(object: KubeObject): Promise<void>;
  close(): void;
}

export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const timeoutMs = 30_000;

export async function openApiServer(access: Access, kinds: Kinds): Promise<ApiServer> {
  const { ca, cert, key, token } = access;
  const agent = new Agent({ keepAlive: true, maxSockets: 4, ca, cert, key });
  const ask = (method: string, path: string, body?: object) =>
    new Promise<{ status: number; text: string; warnings: string }>((resolve, reject) => {
      const headers = {
        accept: 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
      };
      const asked = request(
        new URL(path, access.server),
        { method, agent, headers, timeout: timeoutMs },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              text: Buffer.concat(parts).toString(),
              warnings: response.headers.warning ?? '',
            }),
          );
        },
      );
      asked.on('timeout', () => asked.destroy(new Error(`${method} ${path} took more than ${timeoutMs} ms`)));
      asked.on('error', reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });

  const { status, text } = await ask('GET', '/version');
  if (status !== 200) throw new Error(`${access.server}: answered ${status} when asked for its version`);
  return {
    version: (JSON.parse(text) as { gitVersion: string }).gitVersion,
    async apply(object, { dryRun = false } = {}) {
      const query = `fieldManager=bellows&force=true&fieldValidation=Strict${dryRun ? '&dryRun=All' : ''}`;
      const { status, text, warnings } = await ask('PATCH', `${toPath(kinds, object)}?${query}`, object);
      if (status >= 300) return { says: 'refuses', words: toWords(text) };
      return warnings === ''
        ? { says: 'accepts', words: '' }
        : { says: 'warns', words: warnings.replace(/^299 - /, '') };
    },
    async exists(object) {
      return (await ask('GET', toPath(kinds, object))).status === 200;
    },
    async remove(object) {
      const path = toPath(kinds, object);
      const until = Date.now() + 120_000;
      for (let { status } = await ask('DELETE', path); status !== 404; { status } = await ask('GET', path)) {
        if (Date.now() > until) throw new Error(`${path} is still there after two minutes`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    },
    close: () => agent.destroy(),
  };
}

/** As kubectl would say it: what has no namespace goes to "default", and an unknown kind ends in nothing. */
function toPath(kinds: Kinds, { apiVersion, kind, metadata }: KubeObject): string {
  const known = kinds.find(apiVersion, kind);
  const plural = known?.plural ?? `${kind.toLowerCase()}s`;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const place = known?.namespaced === false ? '' : `/namespaces/${metadata.namespace ?? 'default'}`;
  return `${root}${place}/${plural}/${encodeURIComponent(metadata.name)}`;
}

function toWords(text: string): string {
  let message = text;
  try {
    message = (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    // Not from the API server itself: its own words do.
  }
  return message.replaceAll(/\s+/g, ' ').trim();
}
