import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RegistryOptions {
  /** How it wants to know who asks. @default nobody is asked */
  login?: { kind: 'basic' | 'token'; username: string; password: string };
  /** Whether it lists what refers to an image. @default true */
  referrers?: boolean;
}

interface Stored {
  bytes: Buffer;
  type: string;
}

const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An OCI registry (distribution-spec 1.1) in memory, as far as images are pushed to one and read from it. */
export async function openRegistry({ login, referrers = true }: RegistryOptions = {}) {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, Stored>();
  const asked: string[] = [];
  const uploads = new Map<string, Buffer>();
  const token = randomUUID();
  const basic = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const url = new URL(request.url ?? '/', origin());
    const { method = 'GET' } = request;
    asked.push(`${method} ${url.pathname}`);
    const end = (status: number, headers: Record<string, string> = {}, bytes: Buffer | string = '') =>
      void response.writeHead(status, headers).end(bytes);
    const refuse = (status: number, code: string, headers: Record<string, string> = {}) =>
      end(status, { 'content-type': 'application/json', ...headers }, JSON.stringify({ errors: [{ code }] }));
    const { authorization } = request.headers;
    if (url.pathname === '/token')
      return authorization === basic
        ? end(200, { 'content-type': 'application/json' }, JSON.stringify({ token }))
        : refuse(401, 'DENIED');
    const wanted = login?.kind === 'token' ? `Bearer ${token}` : basic;
    if (wanted !== undefined && authorization !== wanted) {
      const challenge =
        login?.kind === 'token' ? `Bearer realm="${origin()}/token",service="test"` : 'Basic realm="test"';
      return refuse(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
    }
    if (url.pathname === '/v2/') return end(200);
    const [, name = '', kind, reference = ''] =
      /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|referrers)\/(.*)$/.exec(url.pathname) ?? [];
    if (kind === 'blobs/uploads') {
      const digest = url.searchParams.get('digest');
      const id = reference === '' ? randomUUID() : reference;
      const held = Buffer.concat([uploads.get(id) ?? Buffer.alloc(0), body]);
      uploads.set(id, held);
      const location = {
        location: `/v2/${name}/blobs/uploads/${id}`,
        range: `0-${Math.max(0, held.length - 1)}`,
      };
      if (digest === null) return end(202, location);
      if (digestOf(held) !== digest) return refuse(400, 'DIGEST_INVALID');
      blobs.set(digest, held);
      return end(201, { 'docker-content-digest': digest, location: `/v2/${name}/blobs/${digest}` });
    }
    if (kind === 'blobs') {
      const blob = blobs.get(reference);
      if (blob === undefined) return refuse(404, 'BLOB_UNKNOWN');
      return end(200, { 'content-length': String(blob.length) }, method === 'HEAD' ? '' : blob);
    }
    if (kind === 'referrers') {
      if (!referrers) return end(404);
      const found = [...manifests].flatMap(([at, { bytes, type }]) => {
        const { subject, artifactType } = JSON.parse(bytes.toString()) as {
          subject?: { digest: string };
          artifactType?: string;
        };
        const digest = digestOf(bytes);
        if (at !== `${name}@${digest}` || subject?.digest !== reference) return [];
        return [{ mediaType: type, digest, size: bytes.length, artifactType }];
      });
      const index = {
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.index.v1+json',
        manifests: found,
      };
      return end(200, { 'content-type': index.mediaType }, JSON.stringify(index));
    }
    const isDigest = reference.startsWith('sha256:');
    if (method === 'PUT') {
      const type = request.headers['content-type'] ?? '';
      const digest = digestOf(body);
      if (isDigest && digest !== reference) return refuse(400, 'DIGEST_INVALID');
      manifests.set(`${name}@${digest}`, { bytes: body, type });
      if (!isDigest) manifests.set(`${name}:${reference}`, { bytes: body, type });
      const { subject } = JSON.parse(body.toString()) as { subject?: { digest: string } };
      const listed: Record<string, string> =
        subject !== undefined && referrers ? { 'oci-subject': subject.digest } : {};
      return end(201, { 'docker-content-digest': digest, ...listed });
    }
    const found = manifests.get(`${name}${isDigest ? '@' : ':'}${reference}`);
    if (found === undefined) return refuse(404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': found.type, 'docker-content-digest': digestOf(found.bytes) };
    return end(
      200,
      { ...headers, 'content-length': String(found.bytes.length) },
      method === 'HEAD' ? '' : found.bytes,
    );
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = () => `http://${host()}`;
  return {
    host: host(),
    blobs,
    manifests,
    asked,
    /** What a client says that has logged in. */
    authorization: login?.kind === 'token' ? `Bearer ${token}` : basic,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
