import * as z from 'zod';
import { jobEvents } from './job-events.ts';
import type { JobSpec } from './spec.ts';

/** Of one secret, and of all of a repository together: a job has to find each of them in all that it prints. */
export const secretLimits = { bytes: 64 * 1024, bytesTogether: 128 * 1024, count: 100 } as const;

/** As in Woodpecker, whatever is told of a pull request is `pull_request`. */
export const secretEvents = jobEvents.filter(
  (event): event is Exclude<JobSpec['event'], 'pull_request_closed' | 'pull_request_metadata'> =>
    !event.startsWith('pull_request_'),
);
export type SecretEvent = (typeof secretEvents)[number];

export function toSecretEvent(event: JobSpec['event']): SecretEvent {
  return secretEvents.find((known) => known === event) ?? 'pull_request';
}

export const secretEventsSchema = z.array(z.enum(secretEvents)).min(1).max(secretEvents.length);

/**
 * Globs of branches, as in `when`; one that begins with `refs/` is of whole refs, so that tags can be named. No
 * comma, which stands between several.
 */
export const secretBranchesSchema = z
  .array(z.string().regex(/^[^,\p{Cc}]{1,200}$/u, 'expected a glob of branches, without a comma'))
  .min(1)
  .max(20);

/** What may be known of a secret: all but its value. */
export const repositorySecretSchema = z.object({
  name: z.string(),
  /** The events whose jobs are given it. A fork's pull request never is. */
  events: secretEventsSchema,
  /** The branches whose jobs are given it; of a pull request its own, not its target. @default all refs */
  branches: secretBranchesSchema.optional(),
  /** When it was last set, milliseconds since 1970. */
  setAt: z.int().nonnegative(),
  setBy: z.string(),
});
export type RepositorySecret = z.infer<typeof repositorySecretSchema>;

/** `GET /jobs/:id/secrets?names=…` of an agent. */
export const jobSecretsSchema = z.object({
  secrets: z.record(z.string(), z.string()),
  /** Why a job is not given the others, for its author. */
  refused: z.record(z.string(), z.string()),
});
export type JobSecrets = z.infer<typeof jobSecretsSchema>;
