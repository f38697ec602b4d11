import * as z from 'zod';
import { refSchema, shaSchema } from '../job/index.ts';
import { type ForgeEvent, PayloadError, type ToldEvent, toSubject } from './event.ts';
import { toPullRef } from './movement.ts';
import { type PullRequest, person, pull, repositorySchema, text, toName, toPullFacts } from './payload.ts';

const releaseSchema = z.object({
  action: z.string().max(100),
  release: z.object({
    id: z.int().positive(),
    tag_name: z.string().min(1).max(400),
    target_commitish: z.string().max(512).nullish(),
    name: text.nullish(),
    draft: z.boolean().nullish(),
    prerelease: z.boolean().nullish(),
    author: person.nullish(),
  }),
  repository: repositorySchema,
  sender: person.nullish(),
});
const deploymentSchema = z.object({
  deployment: z.object({
    id: z.int().positive(),
    sha: shaSchema,
    ref: z.string().min(1).max(400),
    task: z.string().max(200).nullish(),
    environment: z.string().max(200).nullish(),
    description: text.nullish(),
  }),
  repository: repositorySchema,
  sender: person.nullish(),
});

/** Gitea says `published` of each, GitHub `released` or `prereleased` beside a `published` of its own. */
const published = { gitea: ['published'], github: ['released', 'prereleased'] };

/** What changes nothing of a pull request's commits; the forges' words, and Woodpecker's. */
const metadata: Readonly<Record<string, string>> = {
  assigned: 'assigned',
  converted_to_draft: 'converted_to_draft',
  demilestoned: 'demilestoned',
  edited: 'edited',
  labeled: 'label_updated',
  label_cleared: 'label_cleared',
  label_updated: 'label_updated',
  locked: 'locked',
  milestoned: 'milestoned',
  ready_for_review: 'ready_for_review',
  unassigned: 'unassigned',
  unlabeled: 'label_updated',
  unlocked: 'unlocked',
};

/** @returns undefined where this action is no event */
export function toMetadata(told: PullRequest): ToldEvent | undefined {
  const { action, pull_request } = told;
  const reason = Object.hasOwn(metadata, action) ? metadata[action] : undefined;
  if (reason === undefined) return undefined;
  const isCleared = reason === 'label_updated' && (pull_request.labels ?? []).length === 0;
  return {
    ...toPullTold(told),
    event: 'pull_request_metadata',
    reason: isCleared ? 'label_cleared' : reason,
  };
}

/** @param closedAt in the forge's words: one that was opened again may be closed again */
export function toClosed(told: Omit<PullRequest, 'action'>, closedAt: string): ToldEvent {
  const at = Date.parse(closedAt);
  return {
    ...toPullTold(told),
    event: 'pull_request_closed',
    occasion: `${told.number} ${Number.isFinite(at) ? at : closedAt}`,
  };
}

function toPullTold({ number, pull_request, repository, sender }: Omit<PullRequest, 'action'>) {
  const { title, user, head, base } = pull_request;
  return {
    kind: 'told' as const,
    repository: repository.full_name,
    ref: toPullRef(number),
    branch: base.ref,
    sha: head.sha,
    subject: toSubject(title),
    author: toName(user),
    sender: toName(sender),
    movedBy: sender?.id ?? undefined,
    defaultBranch: repository.default_branch,
    pullRequest: toPullFacts({ number, pull_request, repository }),
  };
}

export function toRelease(forge: keyof typeof published, payload: unknown): ForgeEvent {
  const { action, ...told } = parse(releaseSchema, payload);
  if (!published[forge].includes(action) || told.release.draft === true)
    return { kind: 'ignored', reason: `release action "${action}" publishes nothing` };
  return toReleased(told);
}

/** What a release is, by the webhook of its publication or by the forge's list. @throws PayloadError */
function toReleased({ release, repository, sender }: Of<typeof releaseSchema>): ToldEvent {
  const ref = refSchema.safeParse(`refs/tags/${release.tag_name}`);
  if (!ref.success) throw new PayloadError('The tag of the release is no name of a tag.');
  const pre = release.prerelease === true;
  return {
    kind: 'told',
    event: 'release',
    repository: repository.full_name,
    occasion: `${release.id} ${pre ? 'pre' : 'whole'}`,
    ref: ref.data,
    branch: release.target_commitish || repository.default_branch,
    subject: toSubject(release.name || release.tag_name),
    author: toName(release.author),
    sender: toName(sender),
    movedBy: sender?.id ?? undefined,
    defaultBranch: repository.default_branch,
    release: { title: toSubject(release.name || release.tag_name), pre },
  };
}

export function toDeployment(payload: unknown): ForgeEvent {
  return toDeployed(parse(deploymentSchema, payload));
}

/** A commit, whatever its `ref` is called: that may be a branch, a tag or a part of a commit's id. */
function toDeployed({ deployment, repository, sender }: Of<typeof deploymentSchema>): ToldEvent {
  const { id, sha, ref, task, environment, description } = deployment;
  const branch = sha.startsWith(ref) ? repository.default_branch : ref.replace(/^refs\/heads\//, '');
  const whole = refSchema.safeParse(branch.startsWith('refs/') ? branch : `refs/heads/${branch}`);
  if (!whole.success) throw new PayloadError('The ref of the deployment is no name of a ref.');
  return {
    kind: 'told',
    event: 'deployment',
    repository: repository.full_name,
    occasion: String(id),
    ref: whole.data,
    branch: whole.data.replace(/^refs\/(?:heads|tags)\//, ''),
    sha,
    subject: toSubject(description ?? ''),
    author: toName(sender),
    sender: toName(sender),
    movedBy: sender?.id ?? undefined,
    defaultBranch: repository.default_branch,
    deployment: {
      target: (environment ?? '').toWellFormed(),
      task: (task ?? '').toWellFormed(),
    },
  };
}

function parse<S extends z.ZodType>(schema: S, payload: unknown): z.infer<S> {
  const parsed = schema.safeParse(payload);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`);
  throw new PayloadError(`The webhook's body is not as expected: ${lines.slice(0, 5).join('; ')}`);
}

/** `GET /repos/{owner}/{repo}/pulls/{number}`, as far as it is what the webhook of its closing has. */
export const closedPullSchema = pull.extend({
  number: z.int().positive(),
  base: pull.shape.base.extend({ repo: repositorySchema }),
});

const at = z.string().max(100).nullish();

/** One of `GET /repos/{owner}/{repo}/releases`, and since when it is published; undefined for a draft and what cannot be read. */
export function toListedRelease(listed: unknown, repository: Place): Listed | undefined {
  const times = z.object({ published_at: at, created_at: at }).safeParse(listed).data;
  return toListed(times?.published_at ?? times?.created_at, () => {
    const release = parse(releaseSchema.shape.release, listed);
    return release.draft === true ? undefined : toReleased({ release, repository });
  });
}

/** One of GitHub's `GET /repos/{owner}/{repo}/deployments`. Who made it is its author; nobody is said to have moved it. */
export function toListedDeployment(listed: unknown, repository: Place): Listed | undefined {
  const about = z.object({ created_at: at, creator: person.nullish() }).safeParse(listed).data;
  return toListed(about?.created_at, () => {
    const deployment = parse(deploymentSchema.shape.deployment, listed);
    return { ...toDeployed({ deployment, repository }), author: toName(about?.creator) };
  });
}

/** Whose release or deployment it is. */
export type Place = Pick<z.infer<typeof repositorySchema>, 'full_name' | 'default_branch'>;
type Of<S extends z.ZodType> = Omit<z.infer<S>, 'action' | 'repository'> & { repository: Place };
export interface Listed {
  /** Milliseconds since 1970. */
  at: number;
  event: ToldEvent;
}

function toListed(time: string | null | undefined, read: () => ToldEvent | undefined): Listed | undefined {
  try {
    const event = read();
    const at = Date.parse(time ?? '');
    return event === undefined || !Number.isFinite(at) ? undefined : { at, event };
  } catch (error) {
    // One that a webhook would be refused for keeps no other from being seen.
    if (error instanceof PayloadError) return undefined;
    throw error;
  }
}
