import { createHash } from 'node:crypto';
import { AwsV4Signer } from 'aws4fetch';
import { checkName, type Listed, type Store, StoreError } from './store.ts';

export interface S3Options {
  /** The endpoint with the bucket, and perhaps a folder in it: `https://s3.example.org/logs`. */
  url: string;
  region: string;
  accessKey: string;
  secretKey: string;
  /** For one request, its body included. @default 30000 */
  timeoutMs?: number;
}

/** An answer that is larger is not one of ours. */
const mostBytes = 256 * 1024 * 1024;

/** A bucket by S3's HTTP API, addressed by path, which every compatible store knows. Redirects are refused. */
export function openS3Store({ url, region, accessKey, secretKey, timeoutMs = 30_000 }: S3Options): Store {
  const base = url.replace(/\/+$/, '');
  const key = { accessKeyId: accessKey, secretAccessKey: secretKey, service: 's3', region };

  /** Once: whoever asks tries again. */
  const send = (method: string, name: string, given: Sent = {}): Promise<Response> =>
    ask(method, `${base}/${checkName(name).join('/')}`, given);

  const ask = async (method: string, target: string, given: Sent = {}): Promise<Response> => {
    const headers = { 'x-amz-content-sha256': given.sha256 ?? sha256([]), ...given.headers };
    const { body = null } = given;
    try {
      const signed = await new AwsV4Signer({ ...key, method, url: target, headers }).sign();
      const signal = AbortSignal.timeout(timeoutMs);
      return await fetch(signed.url, { method, headers: signed.headers, body, redirect: 'error', signal });
    } catch (cause) {
      const why =
        cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new StoreError(`${target} does not answer: ${why}`, { cause });
    }
  };

  return {
    name: `bucket at ${base}`,
    put: async (name, parts) => {
      const body = new Blob(parts.map((part) => new Uint8Array(part)));
      await expectDone(await send('PUT', name, { sha256: sha256(parts), body }), name);
    },
    get: async (name, range) => {
      const headers: Record<string, string> =
        range === undefined ? {} : { range: `bytes=${range.from}-${range.from + range.length - 1}` };
      const response = await send('GET', name, { headers });
      if (response.status === 404 && (await response.text()).includes('NoSuchKey')) return undefined;
      // The range begins where the blob ends.
      if (response.status === 416) {
        await drop(response);
        return Buffer.alloc(0);
      }
      await expectDone(response, name, false);
      if (Number(response.headers.get('content-length') ?? 0) > mostBytes) {
        await drop(response);
        throw new StoreError(`${name} is larger than ${mostBytes} bytes`);
      }
      const bytes = Buffer.from(await toBody(response, name));
      if (range === undefined || response.status === 206) return bytes;
      return bytes.subarray(range.from, range.from + range.length);
    },
    remove: async (name) => {
      const response = await send('DELETE', name);
      if (response.status === 404) await drop(response);
      else await expectDone(response, name);
    },
    list: async function* (folder) {
      const { origin, pathname } = new URL(base);
      // The bucket is the path's first part; the rest of it, and the folder, are the beginning of each key.
      const [bucket = '', ...before] = pathname.split('/').slice(1);
      const prefix = [...before, ...checkName(folder), ''].join('/');
      for (let next: string | undefined; ; ) {
        const query = new URLSearchParams({ 'list-type': '2', prefix });
        if (next !== undefined) query.set('continuation-token', next);
        const response = await ask('GET', `${origin}/${bucket}?${query}`);
        await expectDone(response, folder, false);
        const text = Buffer.from(await toBody(response, folder)).toString();
        for (const listed of parseList(text))
          yield { ...listed, name: listed.name.slice(prefix.length - folder.length - 1) };
        next = toElement(text, 'NextContinuationToken');
        if (next === undefined) return;
      }
    },
  };
}

/** ListObjectsV2. Our own names need no unescaping; others are none of ours. */
function parseList(text: string): Listed[] {
  return text
    .split('<Contents>')
    .slice(1)
    .flatMap((part) => {
      const [name, bytes, put] = ['Key', 'Size', 'LastModified'].map((element) => toElement(part, element));
      if (name === undefined || bytes === undefined || put === undefined) return [];
      return [{ name, bytes: Number(bytes), putMs: Date.parse(put) }];
    });
}

function toElement(text: string, name: string): string | undefined {
  const [, value] = new RegExp(`<${name}>([^<]{1,2000})</${name}>`).exec(text) ?? [];
  return value?.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

interface Sent {
  sha256?: string;
  headers?: Record<string, string>;
  body?: Blob;
}

function sha256(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

async function toBody(response: Response, name: string): Promise<ArrayBuffer> {
  try {
    return await response.arrayBuffer();
  } catch (cause) {
    throw new StoreError(`${name} was cut off on its way`, { cause });
  }
}

/** S3 says why in XML; a few words of it are for a person. */
async function expectDone(response: Response, name: string, isRead = true): Promise<void> {
  if (response.ok) {
    if (isRead) await drop(response);
    return;
  }
  const text = response.bodyUsed ? '' : await response.text().catch(() => '');
  const [, code = 'no reason'] = /<Code>([A-Za-z0-9.]{1,100})<\/Code>/.exec(text) ?? [];
  throw new StoreError(`${name}: the store says ${response.status}, ${code}`);
}

async function drop(response: Response): Promise<void> {
  await response.body?.cancel();
}
