import { type JobSpec, jobSpecSchema } from '../job/index.ts';
import { createLz4 } from './lz4.ts';

/**
 * What specs have in common, of a small spec more than half.
 * Stored specs need these exact bytes to be read again, so they never change.
 */
const dictionary = Buffer.from(
  '"retryOf":"","traceparent":"00-","cron","tag","manual","pull_request","refs/tags/v","refs/pull/' +
    '"pullRequest":{"number":1,"head":"","fork":false},"workflow":"buildtestlintdeployrelease",' +
    "Merge branch 'Merge pull request #Update Bump Add Fix Remove github/gitea/origin/developmaster" +
    '{"repository":"local/","event":"push","ref":"refs/heads/main","branch":"main","sha":"","subject":"' +
    '","author":"","defaultBranch":"main","timeLimitMs":3600000}',
);
const lz4 = createLz4(dictionary, 65_536);

export function toSpecBytes(spec: JobSpec): Buffer {
  return lz4.pack(JSON.stringify(spec));
}

export function parseSpec(bytes: Uint8Array): JobSpec {
  return jobSpecSchema.parse(JSON.parse(lz4.unpack(bytes)));
}
