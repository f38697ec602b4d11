import type { IncomingMessage } from 'node:http';
import * as z from 'zod';
import { type CacheStore, mostBlobBytes } from '../core/cache/index.ts';
import { ApiError, type Transport } from '../core/client/index.ts';
import type { Claim, SavedCaches } from '../core/job/index.ts';

/** Without a byte from the api; a part of a cache waits there until others have gone through. */
const timeoutMs = 30_000;

/** The caches of one job, as the api shows them to it. */
export function createCacheLink(
  transport: Transport,
  job: string,
  { token }: NonNullable<Claim['cache']>,
): CacheStore & { told(saved: SavedCaches): Promise<unknown> } {
  const root = `/api/v1/agent/jobs/${job}/caches`;
  const get = async (path: string): Promise<Buffer<ArrayBuffer> | undefined> => {
    try {
      return await readBlob(await transport.open(`${root}/${path}`, { token, timeoutMs }));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  };
  const put = (path: string, bytes: Uint8Array) =>
    transport.call(`${root}/${path}`, z.undefined(), { method: 'PUT', bytes, token, timeoutMs });
  return {
    entry: (scope, identity) => get(`entries/${identity}?scope=${encodeURIComponent(scope)}`),
    putEntry: (identity, bytes) => put(`entries/${identity}`, bytes),
    pack: (sha256) => get(`packs/${sha256}`),
    putPack: (sha256, bytes) => put(`packs/${sha256}`, bytes),
    told: (saved) =>
      transport.call(`${root}/saved`, z.undefined(), { method: 'POST', body: saved, token, timeoutMs }),
  };
}

async function readBlob(response: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    parts.push(part);
    length += part.length;
    if (length > mostBlobBytes) throw new Error(`the api sends more than ${mostBlobBytes} bytes`);
  }
  return Buffer.concat(parts);
}
