import type { Store } from '../store/index.ts';
import { mostBlobBytes } from './entry.ts';
import { toMark, toNames } from './names.ts';
import { toSha256 } from './packs.ts';

/** What one job sees of a store: its own repository, the scopes that it may read, the one that it may write. */
export interface CacheStore {
  /** The list of a cache's files. */
  entry(scope: string, identity: string): Promise<Buffer<ArrayBuffer> | undefined>;
  putEntry(identity: string, bytes: Uint8Array): Promise<void>;
  pack(sha256: string): Promise<Buffer<ArrayBuffer> | undefined>;
  putPack(sha256: string, bytes: Uint8Array): Promise<void>;
}

/** Whose caches a job reads, in this order, and to whose it writes. */
export interface Scopes {
  read: readonly string[];
  /** Absent: it writes none. */
  write?: string | undefined;
}

/** The same where the store itself is. */
export interface OwnCacheStore extends CacheStore {
  /** @throws CacheRefusal before anybody has read what the job sends */
  requireWrite(): void;
  /** A pack by slices, each read when the one before was taken: who reads slowly holds one of them, not a pack. */
  packSlices(sha256: string): Promise<AsyncGenerator<Buffer<ArrayBuffer>> | undefined>;
}

const sliceBytes = 512 * 1024;

/** The job may not do this, or what it sends is not what it says. */
export class CacheRefusal extends Error {
  override name = 'CacheRefusal';
}

/**
 * A store as one job may see it. Packs are the repository's, and named by their content: who puts one can neither
 * replace another's nor be believed more than the content says.
 *
 * @param mostBytes that it may put: packs of which no list says anything yet are young, and not pruned
 */
export function toCacheStore(
  store: Pick<Store, 'get' | 'put'>,
  repository: string,
  scopes: Scopes,
  mostBytes = Number.POSITIVE_INFINITY,
): OwnCacheStore {
  const names = toNames(repository);
  // A damaged part is noticed, and is made again: a save need not wait for the disk a thousand times.
  const lightly = { mayBeLost: true };
  let putBytes = 0;
  const requireWrite = (bytes?: Uint8Array): string => {
    if (scopes.write === undefined) throw new CacheRefusal('this job reads caches, and writes none');
    if (bytes !== undefined && bytes.length > mostBlobBytes)
      throw new CacheRefusal(`more than ${mostBlobBytes} bytes`);
    putBytes += bytes?.length ?? 0;
    if (putBytes > mostBytes) throw new CacheRefusal('this job has put as much as all caches may have');
    return scopes.write;
  };
  return {
    requireWrite: () => void requireWrite(),
    entry: async (scope, identity) => {
      if (!scopes.read.includes(scope)) throw new CacheRefusal('this job does not read that scope');
      const name = names.entry(scope, identity);
      const found = await store.get(name);
      // Without its mark it only looks as if nobody had used it.
      if (found !== undefined) await store.put(toMark(name), [], lightly).catch(() => undefined);
      return found;
    },
    putEntry: async (identity, bytes) =>
      store.put(names.entry(requireWrite(bytes), identity), [bytes], lightly),
    pack: (sha256) => store.get(names.pack(sha256)),
    packSlices: async (sha256) => {
      const name = names.pack(sha256);
      const first = await store.get(name, { from: 0, length: sliceBytes });
      return first === undefined ? undefined : readOn(store, name, first);
    },
    putPack: async (sha256, bytes) => {
      requireWrite(bytes);
      if (toSha256(bytes) !== sha256) throw new CacheRefusal('a pack is named by the SHA-256 of its bytes');
      await store.put(names.pack(sha256), [bytes], lightly);
    },
  };
}

/** One that is removed meanwhile ends early; its hash says so to whoever reads it. */
async function* readOn(
  store: Pick<Store, 'get'>,
  name: string,
  first: Buffer<ArrayBuffer>,
): AsyncGenerator<Buffer<ArrayBuffer>> {
  let slice: Buffer<ArrayBuffer> | undefined = first;
  for (let from = sliceBytes; slice !== undefined && slice.length > 0; from += sliceBytes) {
    yield slice;
    if (slice.length < sliceBytes) return;
    slice = await store.get(name, { from, length: sliceBytes });
  }
}
