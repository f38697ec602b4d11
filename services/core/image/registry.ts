import { ImageError, type ImageName, isLoopback } from './name.ts';
import { toDigest } from './provenance.ts';

export interface Credentials {
  username: string;
  password: string;
}

export interface Manifest {
  bytes: Buffer;
  mediaType: string;
  digest: string;
}

/** One repository of a registry (OCI distribution-spec 1.1). Redirects are refused; answers are bounded. */
export interface Registry {
  readManifest(reference: string): Promise<Manifest | undefined>;
  /** @returns whether the registry lists it under its `subject` by itself */
  writeManifest(reference: string, manifest: Pick<Manifest, 'bytes' | 'mediaType'>): Promise<boolean>;
  writeBlob(bytes: Uint8Array): Promise<string>;
}

const mostBytes = 4 * 1024 * 1024;
const timeoutMs = 60_000;
const manifestTypes = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

export function createRegistry(
  { registry, name }: ImageName,
  credentials: Credentials | undefined,
  signal: AbortSignal,
): Registry {
  const origin = `${isLoopback(registry) ? 'http' : 'https'}://${registry}`;
  const place = `${origin}/v2/${name}`;
  let authorization: string | undefined;

  const ask = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    // What a registry names may be elsewhere: nobody else is shown who we are.
    if (authorization !== undefined && new URL(url).origin === origin)
      headers.set('authorization', authorization);
    const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return await fetch(url, { ...init, headers, redirect: 'error', signal: until });
    } catch (cause) {
      signal.throwIfAborted();
      const why =
        cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new ImageError(`${registry} does not answer: ${why}`, { cause });
    }
  };

  const send = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const first = await ask(url, init);
    if (first.status !== 401 || authorization !== undefined) return first;
    authorization = await logIn(first.headers.get('www-authenticate') ?? '', credentials, ask);
    if (authorization === undefined) return first;
    await first.body?.cancel();
    return ask(url, init);
  };

  const expect = async (response: Response, what: string): Promise<Response> => {
    if (response.ok) return response;
    const text = (await readSome(response)).toString();
    const [, code = 'no reason'] = /"code"\s*:\s*"([A-Z_]{1,50})"/.exec(text) ?? [];
    throw new ImageError(`${registry} refuses ${what}: ${response.status}, ${code}`);
  };

  return {
    async readManifest(reference) {
      const accept = manifestTypes.join(', ');
      const response = await send(`${place}/manifests/${reference}`, { headers: { accept } });
      if (response.status === 404) {
        await response.body?.cancel();
        return undefined;
      }
      await expect(response, 'a manifest');
      const bytes = await readSome(response);
      const mediaType = response.headers.get('content-type')?.split(';')[0] ?? '';
      const digest = toDigest(bytes);
      if (reference.startsWith('sha256:') && reference !== digest)
        throw new ImageError(`${registry} answers ${digest} for ${reference}`);
      return { bytes, mediaType, digest };
    },
    async writeManifest(reference, { bytes, mediaType }) {
      const response = await send(`${place}/manifests/${reference}`, {
        method: 'PUT',
        headers: { 'content-type': mediaType },
        body: new Uint8Array(bytes),
      });
      await (await expect(response, 'a manifest')).body?.cancel();
      return response.headers.has('oci-subject');
    },
    async writeBlob(bytes) {
      const digest = toDigest(bytes);
      const known = await send(`${place}/blobs/${digest}`, { method: 'HEAD' });
      if (known.ok) return digest;
      const begun = await expect(await send(`${place}/blobs/uploads/`, { method: 'POST' }), 'a blob');
      await begun.body?.cancel();
      const target = new URL(begun.headers.get('location') ?? '', `${place}/`);
      if (target.origin !== origin) throw new ImageError(`${registry} sends a blob to ${target.host}`);
      target.searchParams.set('digest', digest);
      const headers = { 'content-type': 'application/octet-stream' };
      const done = await send(target.href, { method: 'PUT', headers, body: new Uint8Array(bytes) });
      await (await expect(done, 'a blob')).body?.cancel();
      return digest;
    },
  };
}

/**
 * What to say from now on; undefined where nothing helps. A token comes from where the registry says, which
 * is told the password: only by https, or on this machine.
 */
async function logIn(
  challenge: string,
  credentials: Credentials | undefined,
  ask: (url: string, init?: RequestInit) => Promise<Response>,
): Promise<string | undefined> {
  const basic =
    credentials &&
    `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
  if (/^basic\b/i.test(challenge)) return basic;
  if (!/^bearer\b/i.test(challenge)) return undefined;
  const { realm, ...rest } = Object.fromEntries(
    [...challenge.matchAll(/([a-z]+)="([^"]*)"/gi)].map(([, key = '', value = '']) => [
      key.toLowerCase(),
      value,
    ]),
  );
  if (realm === undefined || !URL.canParse(realm)) return undefined;
  const url = new URL(realm);
  if (url.protocol !== 'https:' && !isLoopback(url.host))
    throw new ImageError(`the registry asks for its password at ${url.origin}, in the clear`);
  for (const key of ['service', 'scope'] as const)
    if (rest[key] !== undefined) url.searchParams.set(key, rest[key]);
  const response = await ask(url.href, basic === undefined ? {} : { headers: { authorization: basic } });
  const said: unknown = response.ok ? JSON.parse((await readSome(response)).toString()) : undefined;
  if (!response.ok) await response.body?.cancel();
  if (typeof said !== 'object' || said === null) return undefined;
  const token = 'token' in said ? said.token : 'access_token' in said ? said.access_token : undefined;
  return typeof token === 'string' ? `Bearer ${token}` : undefined;
}

async function readSome(response: Response): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > mostBytes)
      throw new ImageError(`an answer of the registry is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
