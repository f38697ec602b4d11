/** What a job finds of jobs before it: packages, build outputs, and the times that keep these true. */
export { type CacheOptions, type Caches, openCaches, type Saved } from './caches.ts';
export { type CacheTask, findCaches } from './find.ts';
export { pruneCaches } from './prune.ts';
