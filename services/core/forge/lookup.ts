import * as z from 'zod';
import type { RepositoryFacts } from '../job/index.ts';
import { asksToSkip, type ToldEvent } from './event.ts';
import { toFacts } from './facts.ts';
import { type OpenedEvent, toOpened } from './movement.ts';
import { commitsSchema, defaultBranchSchema, openPullsSchema, pullStateSchema, toName } from './payload.ts';
import {
  askRepository,
  type ForgeAccess,
  type RestAnswer,
  RestError,
  toPause,
  toRepositoryPath,
  toWhy,
} from './rest.ts';
import { closedPullSchema, type Listed, toClosed, toListedDeployment, toListedRelease } from './told.ts';

/** What git does not say of a repository, and its forge's API does. */
export interface Lookup {
  /**
   * The open pull requests, each as the event of its head.
   *
   * @returns undefined where there are more than can be read
   * @throws LookupError, as all of these
   */
  openPullRequests(name: string): Promise<OpenedEvent[] | undefined>;
  /** When it was closed, in the forge's words, and the event that this is; undefined while it is open. */
  closed(name: string, number: number): Promise<ClosedPull | undefined>;
  /** What the forge says of a repository itself. */
  facts(name: string): Promise<RepositoryFacts | undefined>;
  /**
   * The releases that were published since, and GitHub's deployments that were made since; each as its webhook has it.
   *
   * @returns undefined where this token may not see them, or the repository has none of the kind
   */
  told(name: string, ask: ToldQuestion): Promise<ToldEvent[] | undefined>;
  /** What it calls its default branch. */
  defaultBranch(name: string): Promise<string>;
  /** @param sha of a commit, or of an annotated tag */
  commit(name: string, sha: string): Promise<CommitWords | undefined>;
}

export interface ToldQuestion {
  event: 'release' | 'deployment';
  /** Milliseconds since 1970. */
  since: number;
  defaultBranch: string;
}

export interface ClosedPull {
  closedAt: string;
  /** Absent where the forge does not say all that it is. */
  told?: ToldEvent;
}

export interface CommitWords {
  message: string;
  author: string;
}

/** The forge does not say now, or not to this token. Nothing is known of what was asked. */
export class LookupError extends Error {
  override name = 'LookupError';
  /** What it answered, if it did. */
  readonly status?: number | undefined;

  constructor(message: string, { status, ...options }: ErrorOptions & { status?: number } = {}) {
    super(message, options);
    this.status = status;
  }
}

export interface LookupOptions {
  timeoutMs?: number;
  /** Milliseconds since 1970; a rate limit ends at a time of day. */
  now?: () => number;
}

/** Of a list; GitHub describes a pull request in some 25 KB. */
const pageSize = 30;
const mostPages = 40;
const mostBytes = 4 << 20;
/** Of releases or deployments: the newest 120 are looked at. */
const mostToldPages = 4;
/** Pages whose answer is kept, to be asked for again only if it changed. */
const mostRemembered = 500;
/** Of GitHub's requests, for commit statuses: those are told to people. */
const reserve = 0.1;

interface Page<T> {
  listed: T;
  isLast: boolean;
}

/**
 * Asks one forge, and no more often than it likes: a page that has not changed costs none of GitHub's requests,
 * and near its limit, or when told to wait, it is not asked at all.
 */
export function createLookup(
  access: ForgeAccess,
  { timeoutMs = 10_000, now = Date.now }: LookupOptions = {},
): Lookup {
  const remembered = new Map<string, { etag: string; page: Page<unknown> }>();
  let quietUntil = 0;

  const ask = async (name: string, below: string, etag?: string): Promise<RestAnswer> => {
    const quietMs = quietUntil - now();
    if (quietMs > 0)
      throw new LookupError(`${access.forge} wants no request for ${Math.ceil(quietMs / 1000)} s`);
    const asked = askRepository(access, name, below, { etag, timeoutMs, maxBytes: mostBytes });
    const answer = await asked.catch((cause: unknown) => {
      throw cause instanceof RestError ? new LookupError(cause.message, { cause }) : cause;
    });
    quietUntil = now() + (toPause(answer, now()) ?? toRest(answer, now()));
    if (answer.status === 200 || (answer.status === 304 && etag !== undefined)) return answer;
    throw new LookupError(`${access.forge} says to ${toRepositoryPath(name)}${below}: ${toWhy(answer)}`, {
      status: answer.status,
    });
  };

  /** @param toListed what is kept of a list: GitHub's are large */
  const readPage = async <T>(
    name: string,
    below: string,
    toListed: (answer: RestAnswer) => T,
  ): Promise<Page<T>> => {
    const path = name + below;
    const before = remembered.get(path);
    const answer = await ask(name, below, before?.etag);
    // The path says what is listed, and so what was kept.
    if (answer.status === 304 && before !== undefined) return before.page as Page<T>;
    const page = { listed: toListed(answer), isLast: !/;\s*rel="next"/.test(String(answer.headers.link)) };
    remembered.delete(path);
    const [oldest] = remembered.keys();
    if (remembered.size >= mostRemembered && oldest !== undefined) remembered.delete(oldest);
    const { etag } = answer.headers;
    if (etag !== undefined) remembered.set(path, { etag, page });
    return page;
  };

  return {
    async openPullRequests(name) {
      const events: OpenedEvent[] = [];
      for (let n = 1; n <= mostPages; n++) {
        // Gitea's word for a page's size, and GitHub's. The newest first: one that is opened meanwhile hides none.
        const query = `state=open&limit=${pageSize}&per_page=${pageSize}&page=${n}`;
        const path = `/pulls?${query}`;
        const page = await readPage(name, path, (answer) =>
          parse(openPullsSchema, answer, path).map(({ number, ...pull }) =>
            toOpened({ number, pull_request: pull, repository: pull.base.repo }),
          ),
        );
        events.push(...page.listed);
        if (page.isLast) return events;
      }
      return undefined;
    },
    async told(name, { event, since, defaultBranch }) {
      if (event === 'deployment' && access.forge !== 'github') return undefined;
      const repository = { full_name: name, default_branch: defaultBranch };
      const toEvent = event === 'release' ? toListedRelease : toListedDeployment;
      const found: Listed[] = [];
      for (let n = 1; n <= mostToldPages; n++) {
        const query = `limit=${pageSize}&per_page=${pageSize}&page=${n}`;
        const path = `/${event}s?${query}`;
        const page = await unlessHidden(
          readPage(name, path, (answer) =>
            parse(z.array(z.unknown()), answer, path).flatMap((listed) => toEvent(listed, repository) ?? []),
          ),
        );
        if (page === undefined) return undefined;
        found.push(...page.listed);
        // The newest come first, but GitHub's releases: those by the age of their commit.
        const isPast =
          page.listed.some(({ at }) => at <= since) && !(access.forge === 'github' && event === 'release');
        if (page.isLast || isPast) break;
      }
      return found.filter(({ at }) => at > since).map((listed) => listed.event);
    },
    async closed(name, number) {
      const path = `/pulls/${number}`;
      const answer = await ask(name, path);
      const { state, closed_at } = parse(pullStateSchema, answer, path);
      if (state !== 'closed') return undefined;
      const closedAt = closed_at ?? '';
      const whole = closedPullSchema.safeParse(JSON.parse(answer.body.toString()));
      if (!whole.success || closedAt === '' || asksToSkip(whole.data.title)) return { closedAt };
      const { number: given, ...pull } = whole.data;
      const told = toClosed({ number: given, pull_request: pull, repository: pull.base.repo }, closedAt);
      return { closedAt, told: { ...told, repository: name } };
    },
    async facts(name) {
      const answer = await ask(name, '');
      return toFacts({ repository: JSON.parse(answer.body.toString()) });
    },
    async defaultBranch(name) {
      return parse(defaultBranchSchema, await ask(name, ''), toRepositoryPath(name)).default_branch;
    },
    async commit(name, sha) {
      // A list of one says the author's login and leaves the diff out. The last three are for Gitea.
      const query = `sha=${sha}&per_page=1&limit=1&stat=false&verification=false&files=false`;
      const path = `/commits?${query}`;
      const [found] = parse(commitsSchema, await ask(name, path), path);
      if (found === undefined) return undefined;
      const { commit, author } = found;
      return { message: commit.message, author: toName(author) || toName(commit.author) };
    },
  };
}

/** A token may be for code alone, and a repository may have no releases: both forges answer that it is not there. */
async function unlessHidden<T>(answer: Promise<T>): Promise<T | undefined> {
  return answer.catch((error: unknown) => {
    if (error instanceof LookupError && (error.status === 403 || error.status === 404)) return undefined;
    throw error;
  });
}

/** How long GitHub is left alone although it would answer; 0 while enough requests are left. */
function toRest({ headers }: RestAnswer, now: number): number {
  const [remaining, limit, reset] = ['remaining', 'limit', 'reset'].map((word) =>
    Number(headers[`x-ratelimit-${word}`] ?? Number.NaN),
  ) as [number, number, number];
  return remaining < limit * reserve && reset > 0 ? Math.max(0, reset * 1000 - now) : 0;
}

function parse<S extends z.ZodType>(schema: S, { body }: RestAnswer, path: string): z.infer<S> {
  try {
    return schema.parse(JSON.parse(body.toString()));
  } catch (cause) {
    throw new LookupError(`what the forge says to ${path} is not as expected`, { cause });
  }
}
