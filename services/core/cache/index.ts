/** What a job finds of jobs before it: packages, build outputs, and the times that keep these true. */
export {
  CacheRefusal,
  type CacheStore,
  type OwnCacheStore,
  type Scopes,
  toCacheStore,
} from './cache-store.ts';
export { type CacheOptions, type Caches, openCaches, type SaveEnd } from './caches.ts';
export { mostBlobBytes } from './entry.ts';
export { findCaches, toKeptVariables } from './find.ts';
export { pruneCaches } from './prune.ts';
