import { type JobResult, jobResultSchema, type SavedCaches } from '../job/index.ts';
import { createLz4 } from './lz4.ts';

/** What results have in common. Stored results need these exact bytes to be read again, so they never change. */
const dictionary = Buffer.from(
  '"artifacts":{"count":1,"bytes":"coverage":{"covered":"total":"tests":{"passed":"failed":"skipped":"failing":[' +
    '"caches":[{"name":"hit":"exactoldermiss","saved":{"cloneMs":"steps":[{"name":"test","ms":"cpuMs":"peakBytes":',
);
const lz4 = createLz4(dictionary, 65_536);

export function toResultBytes(result: JobResult): Buffer {
  return lz4.pack(JSON.stringify(result));
}

export function parseResult(bytes: Uint8Array): JobResult {
  return jobResultSchema.parse(JSON.parse(lz4.unpack(bytes)));
}

/** The result with what each of its caches has kept; a cache that it does not have is no news of this job. */
export function addSaved(result: JobResult, saved: SavedCaches): JobResult {
  const byName = new Map(saved.map((each) => [each.name, each]));
  const caches = result.caches?.map((cache) => {
    const { bytes, unsaved } = byName.get(cache.name) ?? {};
    if (bytes === undefined) return cache;
    return unsaved === undefined ? { ...cache, saved: bytes } : { ...cache, unsaved };
  });
  return caches === undefined ? result : { ...result, caches };
}
