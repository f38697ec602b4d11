import { type OwnCacheStore, pruneCaches, toCacheStore } from '../core/cache/index.ts';
import type { JobSpec } from '../core/job/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Store } from '../core/store/index.ts';
import { toCacheScopes } from './cache-scopes.ts';
import { createGate } from './gate.ts';

/** The caches of jobs, each seen as its own job may. */
export interface JobCaches {
  /** @param readSpec of the job; asked once, while it asks for more */
  open(job: string, readSpec: () => Promise<JobSpec>): Promise<OwnCacheStore>;
  /** Each does it when there is room in memory: a job that waits for its caches does not wait for who keeps some. */
  reading<T>(action: () => Promise<T>): Promise<T>;
  writing<T>(action: () => Promise<T>): Promise<T>;
  /** Something was added: it may have to go below the quota again. Never rejects. */
  added(): Promise<void>;
}

/** Lists of files; of packs only slices are in memory. */
const readsAtOnce = 8;
/** A part is 8 MiB at most, most of them three, and is in memory as a whole while it comes. */
const writesAtOnce = 2;
/** Of jobs whose spec is kept: each asks for hundreds of parts, and what it is to do never changes. */
const mostSpecs = 200;
/** To look is to list the whole store. */
const pruneEveryMs = 60_000;
const gib = 1024 ** 3;

/** Undefined where none are to be kept. */
export function createJobCaches({
  store,
  quotaGib,
  log,
}: {
  store: Store;
  quotaGib: number;
  log: Log;
}): JobCaches | undefined {
  if (quotaGib === 0) return undefined;
  const stores = new Map<string, OwnCacheStore>();
  let prunedAt = -Infinity;
  let pruning: Promise<void> | undefined;

  const prune = async (): Promise<void> => {
    prunedAt = performance.now();
    try {
      const bytes = await pruneCaches(store, quotaGib * gib, Date.now());
      if (bytes > 0) log.info({ bytes }, 'caches were removed to stay below their quota');
    } catch (error) {
      log.warn({ err: error }, 'the caches could not be held to their quota');
    }
    pruning = undefined;
  };

  return {
    open: async (job, readSpec) => {
      const known = stores.get(job);
      if (known !== undefined) return known;
      const spec = await readSpec();
      const opened = toCacheStore(store, spec.repository, toCacheScopes(spec), quotaGib * gib);
      const [oldest] = stores.keys();
      if (stores.size >= mostSpecs && oldest !== undefined) stores.delete(oldest);
      stores.set(job, opened);
      return opened;
    },
    reading: createGate(readsAtOnce),
    writing: createGate(writesAtOnce),
    added: async () => {
      if (performance.now() - prunedAt >= pruneEveryMs) pruning ??= prune();
      await pruning;
    },
  };
}
