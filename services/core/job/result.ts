import * as z from 'zod';

/** What an agent measured of one job: told with its outcome, kept as long as the job. All of it is optional. */

const count = z.int().nonnegative();
const ms = count;
const bytes = count;
const name = z.string().max(200);
const why = z.string().max(200);

export const stepResultSchema = z.object({
  name,
  ms,
  /** Of all processes that the step has waited for; of a container, all that ran in it. */
  cpuMs: ms.optional(),
  /**
   * Of memory, as seen now and then: a peak between two looks is missed. Of a container, the most that its cgroup has
   * counted, with the files that it kept in memory.
   */
  peakBytes: bytes.optional(),
});
export type StepResult = z.infer<typeof stepResultSchema>;

export const cacheResultSchema = z.object({
  name,
  /** `older`: of another lock file, or of another branch. */
  hit: z.enum(['exact', 'older', 'miss']),
  /** Restored, and how long that took. */
  bytes,
  ms,
  /** What was written back. */
  saved: bytes.optional(),
  /** Why nothing was, where something was to be. */
  unsaved: why.optional(),
});
export type CacheResult = z.infer<typeof cacheResultSchema>;

const mostCaches = 20;

/** `POST /agent/jobs/:id/caches/saved`: what was kept, as it went to the store, once all of it is there; or why not. */
export const savedCachesSchema = z.array(z.object({ name, bytes, unsaved: why.optional() })).max(mostCaches);
export type SavedCaches = z.infer<typeof savedCachesSchema>;

export const testResultSchema = z.object({
  passed: count,
  failed: count,
  skipped: count,
  /** Names of tests that failed, the first ones. */
  failing: z.array(name).max(50),
});
export type TestResult = z.infer<typeof testResultSchema>;

const mostSteps = 500;

export const jobResultSchema = z.object({
  cloneMs: ms.optional(),
  steps: z.array(stepResultSchema).max(mostSteps).optional(),
  caches: z.array(cacheResultSchema).max(mostCaches).optional(),
  tests: testResultSchema.optional(),
  /** Lines. */
  coverage: z.object({ covered: count, total: count }).optional(),
  artifacts: z.object({ count, bytes }).optional(),
});
export type JobResult = z.infer<typeof jobResultSchema>;

/** Of JSON; more is refused. */
export const mostResultBytes = 32 * 1024;

/** The same, with as many steps as there is room for: those that took longest. */
export function toFittingResult(result: JobResult): JobResult {
  const { steps = [] } = result;
  if (steps.length <= mostSteps && toBytes(result) <= mostResultBytes) return result;
  for (let most = Math.min(mostSteps, steps.length); most > 0; most = Math.floor(most / 2)) {
    const longest = new Set([...steps].sort((a, b) => b.ms - a.ms).slice(0, most));
    const fitting = { ...result, steps: steps.filter((step) => longest.has(step)) };
    if (toBytes(fitting) <= mostResultBytes) return fitting;
  }
  return { ...result, steps: [] };
}

const toBytes = (result: JobResult): number => Buffer.byteLength(JSON.stringify(result));
