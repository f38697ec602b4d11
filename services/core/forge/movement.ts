import type { JobSpec } from '../job/index.ts';
import { asksToSkip, type ForgeEvent, toSubject } from './event.ts';
import { type PullRequest, toName, toPullFacts } from './payload.ts';

/** A branch or tag that stands elsewhere now. */
export interface MovedRef {
  /** `owner/name` */
  repository: string;
  ref: string;
  before: string;
  /** Of the commit. */
  sha: string;
  /** What the ref holds, where that is not the commit: an annotated tag. */
  object?: string | undefined;
  /** Nobody said whether the ref holds a commit: of a mirror's tags Gitea names what they hold, and no more. */
  isUnpeeled?: boolean | undefined;
  /** The commit's, whole; empty where nobody knows it. */
  message: string;
  author: string;
  /** Undefined where nobody saw who. */
  movedBy?: number | undefined;
  /** What the forge calls them. */
  sender?: string;
  commit?: JobSpec['commit'];
  defaultBranch: string;
}

export type MovedEvent = Extract<ForgeEvent, { kind: 'push' | 'tag' | 'skipped' }>;

/** What a moved branch or tag is, whoever tells of it: a webhook or the forge that was asked. */
export function toMoved({ message, ...moved }: MovedRef): MovedEvent {
  const { repository, ref, sha } = moved;
  const tag = ref.startsWith('refs/tags/');
  if (!tag && asksToSkip(message))
    return { kind: 'skipped', repository, ref, sha, reason: 'the commit message asks to skip' };
  return {
    ...moved,
    kind: tag ? 'tag' : 'push',
    branch: ref.slice(tag ? 'refs/tags/'.length : 'refs/heads/'.length),
    subject: toSubject(message),
  };
}

/** @param commit that the object of a ref names, where somebody says it */
export function toCommit(object: string, commit = object): Pick<MovedRef, 'sha' | 'object'> {
  return commit === object ? { sha: object } : { sha: commit, object };
}

export function toPullRef(number: number): string {
  return `refs/pull/${number}/head`;
}

interface Pull extends Pick<PullRequest, 'number' | 'before' | 'pull_request' | 'repository'> {
  movedBy?: number | undefined;
  sender?: string;
}
export type OpenedEvent = Extract<ForgeEvent, { kind: 'pull request' | 'skipped' }>;

/** What an open pull request is at its head, as `toMoved`. */
export function toOpened({ number, before, pull_request, repository, movedBy, sender }: Pull): OpenedEvent {
  const ref = toPullRef(number);
  const { title, user, head, base } = pull_request;
  if (asksToSkip(title))
    return {
      kind: 'skipped',
      repository: repository.full_name,
      ref,
      sha: head.sha,
      reason: 'the title asks to skip',
    };
  return {
    kind: 'pull request',
    repository: repository.full_name,
    ref,
    branch: base.ref,
    ...(before === undefined ? {} : { before }),
    sha: head.sha,
    subject: toSubject(title),
    author: toName(user),
    movedBy,
    ...(sender === undefined ? {} : { sender }),
    defaultBranch: repository.default_branch,
    pullRequest: toPullFacts({ number, pull_request, repository }),
  };
}
