import type { CommitStatus } from '../job/index.ts';
import { askRepository, type ForgeAccess, type RestAnswer, RestError, toPause, toWhy } from './rest.ts';

/**
 * What became of a status. `later`: the forge cannot now, and perhaps says when it can. `denied`: the token is
 * not, or no longer, good for this. `refused`: it never will be taken as it is.
 */
export type StatusAnswer =
  | { answer: 'posted' }
  | { answer: 'later'; why: string; afterMs?: number }
  | { answer: 'denied' | 'refused'; why: string };

export interface StatusToPost extends CommitStatus {
  /** `owner/name`, as registered. */
  repository: string;
  /** The job's page. */
  url: string;
}

/**
 * Sets a commit's status: `POST /repos/{owner}/{repo}/statuses/{sha}` at both forges. Never rejects.
 *
 * @param now milliseconds since 1970; a rate limit ends at a time of day
 */
export async function postStatus(
  access: ForgeAccess,
  { repository, sha, state, context, description, url }: StatusToPost,
  { timeoutMs, now = Date.now }: { timeoutMs?: number; now?: () => number } = {},
): Promise<StatusAnswer> {
  const body = { state, context, description, target_url: url };
  try {
    const answer = await askRepository(access, repository, `/statuses/${sha}`, {
      method: 'POST',
      body,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    const isUnknown = answer.status === 500 && (await isMissing(access, repository, sha, timeoutMs));
    return isUnknown ? { answer: 'refused', why: 'the forge has no such commit' } : toAnswer(answer, now());
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return { answer: error.isRefused ? 'denied' : 'later', why: error.message };
  }
}

/** Gitea says 500 where GitHub says that a commit is not there; of it, no later time knows more. */
async function isMissing(
  access: ForgeAccess,
  repository: string,
  sha: string,
  timeoutMs = 10_000,
): Promise<boolean> {
  const below = `/git/commits/${sha}?stat=false&verification=false&files=false`;
  return (await askRepository(access, repository, below, { timeoutMs })).status === 404;
}

function toAnswer(answer: RestAnswer, now: number): StatusAnswer {
  const { status, headers } = answer;
  if (status >= 200 && status < 300) return { answer: 'posted' };
  const why = toWhy(answer);
  const afterMs = toPause(answer, now);
  if (afterMs !== undefined) return { answer: 'later', why, afterMs };
  if (status >= 500 || status === 408) return { answer: 'later', why };
  if (status === 401 || status === 403) return { answer: 'denied', why };
  if (status >= 300 && status < 400)
    return {
      answer: 'refused',
      why: `moved to ${headers.location}: register it by its new name`.slice(0, 500),
    };
  return { answer: 'refused', why };
}
