import { type JobResult, jobResultSchema } from '../job/index.ts';
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
