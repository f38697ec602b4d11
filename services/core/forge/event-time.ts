import * as z from 'zod';

const at = z.union([z.int(), z.string()]).optional().catch(undefined);
const part = <S extends z.ZodRawShape>(shape: S) => z.object(shape).optional().catch(undefined);
const timesSchema = z
  .object({
    repository: part({ pushed_at: at, updated_at: at }),
    pull_request: part({ updated_at: at }),
    head_commit: part({ timestamp: at }),
    release: part({ published_at: at, created_at: at }),
    deployment: part({ updated_at: at, created_at: at }),
  })
  .catch({});

/** How far a forge's clock, or an author's, may be ahead of ours. */
const aheadMs = 10 * 60_000;

/**
 * When this happened, as its signed body tells: milliseconds since 1970. Where the forge does not say it itself, all
 * times that may be it: Gitea tells of a push with the time of the one before, and a commit's is its author's.
 */
export function toEventTimes(payload: unknown): number[] {
  const { repository, pull_request, head_commit, release, deployment } = timesSchema.parse(payload);
  if (release !== undefined) return [release.published_at, release.created_at].flatMap(toMs);
  if (deployment !== undefined) return [deployment.updated_at, deployment.created_at].flatMap(toMs);
  const own = toMs(pull_request === undefined ? repository?.pushed_at : pull_request.updated_at);
  return own.length > 0 ? own : [repository?.updated_at, head_commit?.timestamp].flatMap(toMs);
}

/** Whether any of these times is within `withinMs` of now. */
export function isRecent(times: readonly number[], now: number, withinMs: number): boolean {
  return times.some((time) => time > now - withinMs && time < now + aheadMs);
}

/** GitHub gives seconds in some places. */
function toMs(time: number | string | undefined): number[] {
  const ms = typeof time === 'number' ? time * 1000 : Date.parse(time ?? '');
  return Number.isFinite(ms) ? [ms] : [];
}
