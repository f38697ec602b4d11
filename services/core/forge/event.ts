import type { JobSpec, ToldEventName } from '../job/index.ts';

interface Moved {
  /** `owner/name`, as the forge spells it. */
  repository: string;
  ref: string;
  /** Of the commit. */
  sha: string;
  /** First line of the message, or the pull request's title. Hostile, and cut to what a job holds. */
  subject: string;
  author: string;
  /** Who moved it, by the number that the forge knows them by. */
  movedBy?: number | undefined;
  /** What the forge calls them. Hostile. */
  sender?: string | undefined;
  defaultBranch: string;
}

/** What moves no ref, and starts a pipeline all the same. */
export type ToldEvent = {
  kind: 'told';
  event: ToldEventName;
  /** Which one of its kind, as the forge knows it. Absent: what was signed names it. */
  occasion?: string;
  branch: string;
  /** Absent: that which its tag names. */
  sha?: string;
  reason?: string;
} & Pick<JobSpec, 'pullRequest' | 'release' | 'deployment'> &
  Omit<Moved, 'sha'>;

/** What a forge told us, in our words. */
export type ForgeEvent =
  | ({
      kind: 'push' | 'tag';
      branch: string;
      before: string;
      /** What the ref holds, where that is not the commit: an annotated tag. */
      object?: string | undefined;
      /** Nobody said whether `sha` is a commit. */
      isUnpeeled?: boolean | undefined;
      commit?: JobSpec['commit'];
    } & Moved)
  | ({
      kind: 'pull request';
      branch: string;
      pullRequest: NonNullable<JobSpec['pullRequest']>;
      /** Where the pull request's head stood before; absent where the forge does not say. */
      before?: string | undefined;
    } & Moved)
  /** A branch or tag is gone, or a pull request is closed: its ref counts anew from here. */
  | {
      kind: 'gone';
      repository: string;
      ref: string;
      /** Which closing of a pull request it is: one that was opened again may be closed again. */
      closedAt?: string | undefined;
      /** What a pull request is as it is closed. */
      told?: ToldEvent;
    }
  | ToldEvent
  /** Its author asked for no pipeline; the ref stands there all the same. */
  | { kind: 'skipped'; repository: string; ref: string; sha: string; reason: string }
  | { kind: 'ping' }
  | { kind: 'ignored'; reason: string };

export type ForgeEventKind = ForgeEvent['kind'];

/** The body is not what the forge is known to send. */
export class PayloadError extends Error {
  override name = 'PayloadError';
}

/** The author of a push or a pull request may ask for no pipeline; a tag is a decision of its own. */
export function asksToSkip(message: string): boolean {
  return /\[(?:skip[ -]ci|ci[ -]skip)\]/i.test(message);
}

export function toSubject(message: string): string {
  return (/^[^\r\n]*/.exec(message)?.[0] ?? '').slice(0, 500).toWellFormed();
}

export function isZero(sha: string): boolean {
  return /^0*$/.test(sha);
}
