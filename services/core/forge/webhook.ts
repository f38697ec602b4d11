import type { z } from 'zod';
import { type Forge, type RepositoryFacts, refSchema } from '../job/index.ts';
import { asksToSkip, type ForgeEvent, isZero, PayloadError } from './event.ts';
import { toEventTimes } from './event-time.ts';
import { toFacts } from './facts.ts';
import type { HookForge, hookEvents } from './hook-events.ts';
import { toCommit, toMoved, toOpened, toPullRef } from './movement.ts';
import {
  deleteSchema,
  type PullRequest,
  type Push,
  pullRequestSchema,
  pushSchema,
  toCommitFacts,
  toName,
} from './payload.ts';
import { toClosed, toDeployment, toMetadata, toRelease } from './told.ts';

export interface Webhook {
  event: ForgeEvent;
  /** When it may have happened: `toEventTimes`. */
  times: number[];
  /** Of its repository, where the body says it. */
  facts: RepositoryFacts | undefined;
}

/** Our own remote speaks Gitea's language. */
const prefixes: Record<Forge, string> = { local: 'x-gitea', gitea: 'x-gitea', github: 'x-github' };

/**
 * Reads a webhook whose signature is already verified.
 *
 * @param forge which one the path names; headers of another are not looked at.
 * @throws PayloadError when the body is not JSON, or lacks what its event always has.
 */
export function parseWebhook(forge: Forge, headers: Headers, body: Uint8Array): Webhook {
  const prefix = prefixes[forge];
  const name = headers.get(`${prefix}-event`);
  if (name === null || name === '') throw new PayloadError(`The header ${prefix}-event is missing.`);
  const payload = parseJson(body);
  return { event: toEvent(forge, name, payload), times: toEventTimes(payload), facts: toFacts(payload) };
}

type Reader = (payload: unknown) => ForgeEvent;

const readPush: Reader = (payload) => toPush(parse(pushSchema, payload));
const readPullRequest: Reader = (payload) => toPullRequest(parse(pullRequestSchema, payload));
/** One for each event that a webhook is asked to send, and none else. */
const readers: { [F in HookForge]: { [event in keyof (typeof hookEvents)[F]]: Reader } } = {
  gitea: {
    push: readPush,
    delete: (payload) => toDeletion(parse(deleteSchema, payload)),
    pull_request: readPullRequest,
    release: (payload) => toRelease('gitea', payload),
  },
  github: {
    push: readPush,
    pull_request: readPullRequest,
    release: (payload) => toRelease('github', payload),
    deployment: toDeployment,
  },
};

function toEvent(forge: Forge, name: string, payload: unknown): ForgeEvent {
  if (name === 'ping') return { kind: 'ping' };
  // Our own remote speaks Gitea's language.
  const heard: Readonly<Record<string, Reader>> = readers[forge === 'github' ? 'github' : 'gitea'];
  const read = Object.hasOwn(heard, name) ? heard[name] : undefined;
  return read?.(payload) ?? { kind: 'ignored', reason: toReason(name) };
}

function toReason(name: string): string {
  if (name === 'create') return 'the push event tells of the new ref';
  // GitHub tells of a deletion twice; counting it twice would build a branch that came back twice.
  if (name === 'delete') return 'the push event tells of the deletion';
  return `event "${name.slice(0, 100)}" starts nothing`;
}

function toPush(push: Push): ForgeEvent {
  const { ref, before, after } = push;
  const repository = push.repository.full_name;
  if (isZero(after)) return { kind: 'gone', repository, ref };
  // Gitea's "test delivery" is a push that moves nothing.
  if (before === after) return { kind: 'ping' };
  if (!/^refs\/(?:heads|tags)\//.test(ref)) return { kind: 'ignored', reason: `${ref} is not a branch` };
  const commit = toCommitFacts(push);
  return toMoved({
    repository,
    ref,
    before,
    // Of an annotated tag, `after` is the tag object, which has no status and no files.
    ...toCommit(after, ref.startsWith('refs/tags/') ? push.head_commit?.id : undefined),
    ...(ref.startsWith('refs/tags/') && !push.head_commit ? { isUnpeeled: true } : {}),
    message: push.head_commit?.message ?? '',
    author: toName(push.head_commit?.author ?? push.pusher),
    movedBy: push.sender?.id ?? undefined,
    sender: toName(push.sender ?? push.pusher),
    ...(commit === undefined ? {} : { commit }),
    defaultBranch: push.repository.default_branch,
  });
}

/** Opening, reopening and each push to it; Gitea spells the last one `synchronized`. */
const builds = new Set(['opened', 'reopened', 'synchronize', 'synchronized']);

function toPullRequest(told: PullRequest): ForgeEvent {
  const { action, number, repository, sender, pull_request } = told;
  if (action === 'closed') {
    const closedAt = pull_request.closed_at ?? undefined;
    const gone = {
      kind: 'gone' as const,
      repository: repository.full_name,
      ref: toPullRef(number),
      closedAt,
    };
    return closedAt === undefined || asksToSkip(pull_request.title)
      ? gone
      : { ...gone, told: toClosed(told, closedAt) };
  }
  if (!builds.has(action))
    return (
      (asksToSkip(pull_request.title) ? undefined : toMetadata(told)) ?? {
        kind: 'ignored',
        reason: `pull request action "${action}" changes no commit`,
      }
    );
  return toOpened({ ...told, movedBy: sender?.id ?? undefined, sender: toName(sender) });
}

function toDeletion({ ref, ref_type, repository }: z.infer<typeof deleteSchema>): ForgeEvent {
  const whole = `refs/${ref_type === 'tag' ? 'tags' : 'heads'}/${ref}`;
  return { kind: 'gone', repository: repository.full_name, ref: parse(refSchema, whole) };
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new PayloadError(
      'The body is not JSON in UTF-8. Set the webhook to content type application/json.',
      {
        cause,
      },
    );
  }
}

function parse<S extends z.ZodType>(schema: S, payload: unknown): z.infer<S> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  throw new PayloadError(`The webhook's body is not as expected: ${lines.slice(0, 5).join('; ')}`);
}
