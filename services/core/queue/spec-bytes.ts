import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type JobSpec, jobSpecSchema } from '../job/index.ts';

/**
 * What specs have in common, likeliest last (RFC 1950, "preset dictionary"): of a small spec more than half.
 * Stored specs need these exact bytes to be read again, so they never change.
 */
const dictionary = Buffer.from(
  '"retryOf":"","traceparent":"00-","cron","tag","manual","pull_request","refs/tags/v","refs/pull/' +
    '"pullRequest":{"number":1,"head":"","fork":false},"workflow":"buildtestlintdeployrelease",' +
    "Merge branch 'Merge pull request #Update Bump Add Fix Remove github/gitea/origin/developmaster" +
    '{"repository":"local/","event":"push","ref":"refs/heads/main","branch":"main","sha":"","subject":"' +
    '","author":"","defaultBranch":"main","timeLimitMs":3600000}',
);
// A spec is one or two kilobytes: a small window deflates it as well, and needs no 256 KiB of scratch memory.
const options = { level: 1, windowBits: 12, memLevel: 4, chunkSize: 1024, dictionary };

export function toSpecBytes(spec: JobSpec): Buffer {
  return deflateRawSync(JSON.stringify(spec), options);
}

export function parseSpec(bytes: Uint8Array): JobSpec {
  const json = inflateRawSync(bytes, { dictionary, maxOutputLength: 65_536 });
  return jobSpecSchema.parse(JSON.parse(json.toString()));
}
