import { type CacheStore, pruneCaches, toCacheStore } from '../core/cache/index.ts';
import type { JobSpec } from '../core/job/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Store } from '../core/store/index.ts';
import { toCacheScopes } from './cache-scopes.ts';

/** The caches of jobs, each seen as its own job may. */
export interface JobCaches {
  open(spec: JobSpec): CacheStore;
  /** Does it when there is room for another part of a cache in memory. */
  inTurn<T>(action: () => Promise<T>): Promise<T>;
  /** Something was added: it may have to go below the quota again. Never rejects. */
  added(): Promise<void>;
}

/** A part is 2 MiB at most, and is in memory as a whole. */
const partsAtOnce = 4;
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
  const waiting: (() => void)[] = [];
  let busy = 0;
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
    open: (spec) => toCacheStore(store, spec.repository, toCacheScopes(spec)),
    inTurn: async (action) => {
      while (busy >= partsAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
      busy += 1;
      try {
        return await action();
      } finally {
        busy -= 1;
        waiting.shift()?.();
      }
    },
    added: async () => {
      if (performance.now() - prunedAt >= pruneEveryMs) pruning ??= prune();
      await pruning;
    },
  };
}
