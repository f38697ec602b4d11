import * as z from 'zod';
import type { Job } from './job.ts';
import { toJobName } from './job-name.ts';
import { forges, jobIdSchema, repositoryIdSchema, shaSchema } from './names.ts';
import type { JobSpec } from './spec.ts';

/** What both forges know of a commit (Gitea has `warning` besides, GitHub nothing else). */
export const statusStates = ['pending', 'success', 'failure', 'error'] as const;
export type StatusState = (typeof statusStates)[number];

/** What a forge shows beside a commit. */
export interface CommitStatus {
  sha: string;
  /** Its name: the newest of one name counts. */
  context: string;
  state: StatusState;
  /** One line of at most 140 characters, which is GitHub's limit; may hold what an author wrote. */
  description: string;
}

const suffixes: Partial<Record<JobSpec['event'], string>> = {
  // The same commit may be on a branch, in a pull request and under a tag: each has a result of its own.
  pull_request: ' (pull request)',
  tag: ' (tag)',
  release: ' (release)',
  deployment: ' (deployment)',
};

/** `bellows`, or `bellows/<workflow>`, or `bellows/<workflow>-<n>` for an entry of a matrix; a branch rule of the forge may require it by this name. */
export function toStatusContext(spec: Pick<JobSpec, 'workflow' | 'entry' | 'event'>): string {
  const name = toJobName(spec);
  return `bellows${name === undefined ? '' : `/${name}`}${suffixes[spec.event] ?? ''}`;
}

/** What a forge is told of a job in its state. */
export function toCommitStatus(job: Job): CommitStatus {
  const [state, text] = toState(job);
  const axes = Object.entries(job.spec.axes ?? {}).map(([axis, value]) => `${axis}=${value}`);
  const whole = axes.length === 0 ? text : `${axes.join(' ')}: ${text}`;
  const line = whole.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  const description = line.length > 140 ? `${line.slice(0, 139).toWellFormed()}…` : line.toWellFormed();
  return { sha: job.spec.sha, context: toStatusContext(job.spec), state, description };
}

function toState(job: Job): [StatusState, string] {
  const { state, reason, startedAt, finishedAt } = job;
  const because = reason === undefined ? '' : `: ${reason}`;
  const seconds = finishedAt === undefined || startedAt === undefined ? undefined : finishedAt - startedAt;
  const took = seconds === undefined ? '' : ` in ${Math.round(seconds / 1000)} s`;
  switch (state) {
    case 'queued':
      return ['pending', 'Waits for an agent'];
    case 'running':
      return ['pending', job.attempt > 1 ? `Runs, attempt ${job.attempt}` : 'Runs'];
    case 'waiting':
    case 'blocked':
      return ['pending', `Waits${because}`];
    case 'delayed':
      return ['pending', `Will be tried again${because}`];
    case 'success':
      return ['success', `Passed${took}`];
    case 'failure':
      return ['failure', `Failed${because}`];
    case 'timeout':
      return ['failure', `Took too long${because}`];
    case 'skipped':
      // Its own conditions did not hold, says its agent: nothing is wrong. What never ran because
      // something else failed must not let a branch rule pass.
      return [job.attempt > 0 ? 'success' : 'error', `Skipped${because}`];
    case 'cancelled':
      return ['error', 'Cancelled'];
    case 'dead':
      return ['error', `Could not be run${because}`];
  }
}

/** A status that a forge would not take: what it is about, and what the forge said. */
export const untoldStatusSchema = z.object({
  /** Milliseconds since 1970. */
  at: z.int().nonnegative(),
  repository: repositoryIdSchema,
  sha: shaSchema,
  context: z.string().max(200),
  state: z.enum(statusStates),
  job: jobIdSchema,
  tries: z.int().positive(),
  why: z.string().max(500),
});
export type UntoldStatus = z.infer<typeof untoldStatusSchema>;

/** `GET /statuses` */
export const statusesSchema = z.object({
  forges: z.array(
    z.object({
      forge: z.enum(forges),
      waiting: z.int().nonnegative(),
      /** Since when the first due one waits. */
      lagMs: z.number().nonnegative(),
      /** How much longer the forge is told nothing. */
      quietMs: z.number().nonnegative(),
    }),
  ),
  untold: z.array(untoldStatusSchema),
});
