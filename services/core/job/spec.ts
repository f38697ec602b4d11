import * as z from 'zod';
import { jobEvents } from './job-events.ts';
import {
  forgeUserSchema,
  jobIdSchema,
  nameSchema,
  refSchema,
  repositoryIdSchema,
  shaSchema,
} from './names.ts';

/** Variables of a matrix entry. */
export const axesSchema = z
  .record(z.string().max(100), z.string().max(200))
  .refine((axes) => Object.keys(axes).length <= 20, 'expected at most 20 axes');

/**
 * What a job is to do. Written once, at enqueue; never changed. What a newer api adds to it an older agent or api
 * leaves out, so that both work beside each other.
 */
export const jobSpecSchema = z.object({
  repository: repositoryIdSchema,
  event: z.enum(jobEvents),
  ref: refSchema,
  /** Branch of a push or of a pull request's base; the tag's name for a tag. */
  branch: z.string().max(512),
  sha: shaSchema,
  /** Where the branch stood before a push. Absent: it is new, or nobody saw. */
  before: shaSchema.optional(),
  /** First line of the commit message. Hostile bytes: display it only through `core/display`. */
  subject: z.string().max(500),
  author: z.string().max(200),
  defaultBranch: z.string().max(512),
  pullRequest: z
    .object({
      number: z.int().positive(),
      head: z.string().max(512),
      fork: z.boolean(),
      /** Who opened it. Absent: the forge did not say. */
      openedBy: forgeUserSchema.optional(),
      labels: z.array(z.string().max(100)).max(30).optional(),
      milestone: z.string().max(200).optional(),
      draft: z.literal(true).optional(),
    })
    .optional(),
  /** What a push told of its commit: the author's address, and its time, seconds since 1970. */
  commit: z
    .object({ email: z.string().max(200).optional(), at: z.int().nonnegative().optional() })
    .optional(),
  release: z.object({ title: z.string().max(500), pre: z.boolean() }).optional(),
  deployment: z.object({ target: z.string().max(200), task: z.string().max(200) }).optional(),
  /** What was changed of a pull request, where its commits were not. */
  reason: z.string().max(100).optional(),
  /** Whose doing it was, as the forge calls them. Absent: `author`. Hostile as that. */
  sender: z.string().max(200).optional(),
  /** Who moved the ref, as the forge knows them. Absent: nobody saw who. */
  movedBy: forgeUserSchema.optional(),
  /** Asked for by its commit, and not known to have been pushed to the repository itself. */
  foreign: z.literal(true).optional(),
  /** The cron that started it, where `event` is `cron`. */
  cron: nameSchema.optional(),
  /** The file that this job runs, without folder and ending. Absent: the tree at `sha` decides. */
  workflow: nameSchema.optional(),
  /** Of the workflow's matrix, from 1 on. Absent: it has none. */
  entry: z.int().min(1).max(1000).optional(),
  /** The variables of that entry. */
  axes: axesSchema.optional(),
  /** Without a workflow: the pipeline has the tree's other workflows already; run the first, and add none. */
  expanded: z.literal(true).optional(),
  /** With `expanded`: the workflow that the job before ran, in place of the first. */
  own: nameSchema.optional(),
  /** Workflows of its pipeline that had to be done first. */
  needs: z.array(nameSchema).max(100).optional(),
  /** The job that this one repeats. */
  retryOf: jobIdSchema.optional(),
  /** Which run of its pipeline this is. @default 1 */
  run: z.int().min(2).optional(),
  /** From the claim on, milliseconds. */
  timeLimitMs: z.int().positive(),
  /** W3C Trace Context, from the webhook on. */
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional(),
});

export type JobSpec = z.infer<typeof jobSpecSchema>;
