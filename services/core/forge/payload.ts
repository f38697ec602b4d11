import * as z from 'zod';
import { forgeUserSchema, type JobSpec, refSchema, shaSchema } from '../job/index.ts';

/*
 * The parts that Gitea and GitHub share, and that we read. Both send far more; what is not read is not
 * kept. Gitea: modules/structs/hook.go. GitHub: docs.github.com/webhooks/webhook-events-and-payloads.
 */

export const text = z.string().max(100_000);
export const person = z.object({
  // Gitea's ghosts and bots have numbers below 1; they are nobody.
  id: forgeUserSchema.nullish().catch(undefined),
  name: text.nullish(),
  username: text.nullish(),
  login: text.nullish(),
});
export const repositorySchema = z.object({
  id: z.int(),
  full_name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,98}\/[A-Za-z0-9_][A-Za-z0-9._-]{0,98}$/),
  default_branch: z.string().min(1).max(512).default('main'),
});

export const pushSchema = z.object({
  ref: refSchema,
  before: shaSchema,
  after: shaSchema,
  head_commit: z
    .object({
      id: shaSchema,
      message: text,
      author: person.extend({ email: text.nullish().catch(undefined) }).nullish(),
      timestamp: text.nullish().catch(undefined),
    })
    .nullish(),
  repository: repositorySchema,
  pusher: person.nullish(),
  sender: person.nullish(),
});
export type Push = z.infer<typeof pushSchema>;

const side = z.object({ ref: z.string().min(1).max(512), sha: shaSchema, repo: repositorySchema.nullish() });
export const pull = z.object({
  title: text,
  user: person.nullish(),
  head: side,
  base: side,
  closed_at: z.string().max(100).nullish(),
  labels: z
    .array(z.object({ name: text }))
    .nullish()
    .catch(undefined),
  milestone: z.object({ title: text }).nullish().catch(undefined),
  draft: z.boolean().nullish().catch(undefined),
});

export const pullRequestSchema = z.object({
  action: z.string().max(100),
  number: z.int().positive(),
  before: shaSchema.optional(),
  pull_request: pull,
  repository: repositorySchema,
  sender: person.nullish(),
});
export type PullRequest = z.infer<typeof pullRequestSchema>;

/** Gitea's `delete`: the ref comes without its folder. */
export const deleteSchema = z.object({
  ref: z.string().min(1).max(500),
  ref_type: z.enum(['branch', 'tag']),
  repository: repositorySchema,
});

/** `GET /repos/{owner}/{repo}/pulls`: each as its webhook has it. */
export const openPullsSchema = z.array(
  pull.extend({ number: z.int().positive(), base: side.extend({ repo: repositorySchema }) }),
);

/** `GET /repos/{owner}/{repo}/pulls/{number}` */
export const pullStateSchema = z.object({
  state: z.string().max(100),
  closed_at: z.string().max(100).nullish(),
});

/** `GET /repos/{owner}/{repo}` */
export const defaultBranchSchema = z.object({ default_branch: z.string().min(1).max(512) });

/** `GET /repos/{owner}/{repo}/commits`; the author is a person whom the forge knows, if it knows one. */
export const commitsSchema = z.array(
  z.object({ commit: z.object({ message: text, author: person.nullish() }), author: person.nullish() }),
);

export function toName(given: z.infer<typeof person> | null | undefined): string {
  return (given?.login || given?.username || given?.name || '').slice(0, 200).toWellFormed();
}

const mostLabels = 30;

/** What a job knows of its pull request. */
export function toPullFacts({
  number,
  pull_request: { head, user, labels, milestone, draft },
  repository,
}: Pick<PullRequest, 'number' | 'pull_request' | 'repository'>): NonNullable<JobSpec['pullRequest']> {
  const names = (labels ?? []).slice(0, mostLabels).map(({ name }) => name.slice(0, 100).toWellFormed());
  const title = milestone?.title ?? '';
  return {
    number,
    head: head.ref,
    // The repository that the head came from may be deleted by now: then nobody can say that it was ours.
    fork: head.repo?.id !== repository.id,
    openedBy: user?.id ?? undefined,
    ...(names.length === 0 ? {} : { labels: names }),
    ...(title === '' ? {} : { milestone: title.slice(0, 200).toWellFormed() }),
    ...(draft === true ? { draft } : {}),
  };
}

/** What a push says of its commit, beside its words. */
export function toCommitFacts({ head_commit: commit }: Push): JobSpec['commit'] {
  const email = (commit?.author?.email ?? '').slice(0, 200).toWellFormed();
  const at = Math.floor(Date.parse(commit?.timestamp ?? '') / 1000);
  const facts = { ...(email === '' ? {} : { email }), ...(at >= 0 ? { at } : {}) };
  return Object.keys(facts).length === 0 ? undefined : facts;
}
