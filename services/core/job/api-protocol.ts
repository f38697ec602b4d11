import * as z from 'zod';
import { jobSchema } from './job.ts';
import { jobIdSchema, refSchema, repositoryIdSchema, shaSchema } from './names.ts';
import { jobResultSchema } from './result.ts';

/** What people's programs and the api say to each other, under `/api/v1`. */

/** `GET /jobs`: newest first, without steps; `event` is where `GET /events` goes on from. */
export const jobPageSchema = z.object({
  jobs: z.array(jobSchema),
  next: z.string().optional(),
  event: z.string(),
});
export type JobPage = z.infer<typeof jobPageSchema>;

/** `GET /jobs/:id` and the answer to a cancel. */
export const jobAnswerSchema = z.object({
  job: jobSchema,
  event: z.string(),
  /** What its last agent measured; it comes with the end of the job. */
  result: jobResultSchema.optional(),
});
export type JobAnswer = z.infer<typeof jobAnswerSchema>;

/** `POST /jobs`: run the pipeline of a ref; without `sha`, of what the forge says is its head. */
export const triggerSchema = z.strictObject({
  repository: repositoryIdSchema,
  ref: refSchema.optional(),
  sha: shaSchema.optional(),
  /** Wait for an approval, and say this meanwhile. */
  awaits: z.string().trim().min(1).max(200).optional(),
});
export type Trigger = z.infer<typeof triggerSchema>;

/** `POST /pipelines/:pipeline/approve` and `skip`: the decision is for this commit and no other. */
export const commitSchema = z.strictObject({ sha: shaSchema });
/** `GET /queue/audit`: what is wrong; `POST /queue/repair`: what was mended. */
export const integritySchema = z.object({ lines: z.array(z.string()) });
/** How many jobs were decided about, and who had asked for what. */
export const settledSchema = z.object({ jobs: z.int().positive(), about: z.string() });

/** The answer to a trigger, a retry and a webhook: the pipeline, its jobs, and the first one's page. */
export const acceptedSchema = z.object({
  answer: z.enum(['enqueued', 'dup']),
  pipeline: jobIdSchema,
  jobs: z.array(jobIdSchema),
  page: z.url(),
});
export type Accepted = z.infer<typeof acceptedSchema>;

/** One `chunk` event of `GET /jobs/:id/log/stream`; its id is `<fence>-<n>`. Text for eyes, not bytes. */
export const logTextSchema = z.object({ step: z.string(), text: z.string() });
export type LogText = z.infer<typeof logTextSchema>;

/** `POST /page-codes`: an address that opens a page once, within 5 minutes. */
export const pageCodeRequestSchema = z.strictObject({
  path: z
    .string()
    .regex(/^\/(?!\/)[\w./-]*$/)
    .max(200),
});
export const pageCodeSchema = z.object({ url: z.url() });

/** `POST /claim-tokens`: a credential for one claim in one pool, good for 60 s. */
export const claimTokenSchema = z.object({ token: z.string() });

/** `POST /reconcile`: compares the forges' heads with the queue's and makes the events that were missed. */
export const reconciledSchema = z.object({
  events: z.int().nonnegative(),
  repositories: z.int().nonnegative(),
});
export type Reconciled = z.infer<typeof reconciledSchema>;

/** A repository's own webhook, to be entered at its forge. */
export const hookSchema = z.object({
  url: z.url(),
  secret: z.string(),
  /** What is heard, in the words that the forge is asked with. */
  events: z.array(z.string()),
});
