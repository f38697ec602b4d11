import type { CommitStatus } from '../job/index.ts';
import { askForge, type ForgeAccess, type RestAnswer, RestError, toRepositoryPath } from './rest.ts';

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

const longestWaitMs = 3_600_000;

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
  const path = `${toRepositoryPath(repository)}/statuses/${sha}`;
  const body = { state, context, description, target_url: url };
  try {
    const answer = await askForge(access, path, {
      method: 'POST',
      body,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return toAnswer(answer, now());
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    return { answer: 'later', why: error.message };
  }
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

/**
 * How long the forge asks us to wait; undefined where this is no rate limit. GitHub answers 403 or 429: with
 * Retry-After, or with no requests left until a time, or (its "secondary" limit) with neither, and then expects a minute.
 * https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
 */
function toPause({ status, headers, body }: RestAnswer, now: number): number | undefined {
  if (![403, 429, 503].includes(status)) return undefined;
  const bound = (ms: number) => Math.min(Math.max(ms, 1000), longestWaitMs);
  const after = headers['retry-after'];
  if (after !== undefined) {
    const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - now;
    return bound(Number.isFinite(ms) ? ms : 60_000);
  }
  const reset = Number(headers['x-ratelimit-reset']);
  if (headers['x-ratelimit-remaining'] === '0' && reset > 0) return bound(reset * 1000 - now);
  if (status === 429 || (status === 403 && /rate limit/i.test(body.toString()))) return 60_000;
  return undefined;
}

/** What the forge said, in one line: both answer errors as `{"message": …}`. */
function toWhy({ status, body }: RestAnswer): string {
  let message = '';
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed)
      message = String(parsed.message);
  } catch {
    message = ''; // a page of a proxy: its status says enough
  }
  return `${status} ${message}`
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
