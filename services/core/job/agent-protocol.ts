import * as z from 'zod';
import { stepSchema } from './job.ts';
import { jobResultSchema, mostResultBytes } from './result.ts';
import { jobIdSchema, jobSpecSchema, nameSchema } from './spec.ts';

/** What agents and the api say to each other, under `/api/v1/agent`. Bodies are JSON but for log chunks. */

/**
 * What this code says and understands. An api serves agents of every version before its own; an agent says
 * nothing that is newer than what its api has told it that it understands.
 *
 * 1: as it began · 2: `complete` may bring a result · 3: files that a job keeps
 */
export const agentProtocol = 3;

/** `POST /claim`, with a one-time or projected pool credential. */
export const claimRequestSchema = z.strictObject({
  pool: nameSchema,
  agent: z.string().regex(/^[A-Za-z0-9._-]{1,100}$/),
  /** The job that this agent was started for; any other of the pool if that one is gone. */
  prefer: jobIdSchema.optional(),
});
export type ClaimRequest = z.infer<typeof claimRequestSchema>;

/** The answer to a claim, or 204 where no job waits. */
export const claimSchema = z.object({
  job: jobIdSchema,
  spec: jobSpecSchema,
  attempt: z.int().positive(),
  fence: z.int().positive(),
  /** Bearer for this job under this fence; it dies with the fence. */
  token: z.string(),
  /** How long the claim lasts without a heartbeat, milliseconds. */
  leaseMs: z.int().positive(),
  clone: z.object({
    url: z.url(),
    /** HTTP basic credentials for reading this one repository. */
    username: z.string().optional(),
    password: z.string().optional(),
  }),
  /** Absent: the job has none. */
  cache: z
    .object({
      /** Whose caches it reads, in this order: its own branch's first. */
      read: z.array(z.string().max(600)).max(8),
      /** Whose it may write; absent for what others may have written. */
      write: z.string().max(600).optional(),
      /** Bearer for the job's caches; a while longer than the job. */
      token: z.string(),
    })
    .optional(),
  /** The page that a person opens. */
  page: z.url(),
  /** What the api understands (`agentProtocol`). @default 1 */
  protocol: z.int().positive().optional(),
});
export type Claim = z.infer<typeof claimSchema>;

/** `POST /jobs/:id/heartbeat?wait=<ms>`: held open up to `wait`, answered at once on cancel or loss. */
export const heartbeatAnswerSchema = z.object({ answer: z.enum(['ok', 'cancel', 'lost']) });
export type HeartbeatAnswer = z.infer<typeof heartbeatAnswerSchema>;

/** `POST /jobs/:id/steps`: one step fact; the times are stamped by the queue. */
export const stepFactSchema = stepSchema.pick({ name: true, state: true, exitCode: true }).strict();
export type StepFact = z.infer<typeof stepFactSchema>;

/** `POST /jobs/:id/workflows`: the other workflows that the tree holds; each becomes a job. */
export const workflowsSchema = z.strictObject({ workflows: z.array(nameSchema).min(1).max(50) });

/** `PUT /jobs/:id/log/:n?step=<name>`, `application/octet-stream`, at most 64 KiB. */
export const logAnswerSchema = z.object({
  answer: z.enum(['written', 'dup', 'gap', 'full']),
  /** The last chunk that the log has; with `gap` the agent goes on from `have + 1`. */
  have: z.int().nonnegative(),
});
export type LogAnswer = z.infer<typeof logAnswerSchema>;

/** `POST /jobs/:id/complete`. `error` is infra trouble: another attempt, then dead. */
export const outcomeSchema = z.strictObject({
  outcome: z.enum(['success', 'failure', 'cancelled', 'timeout', 'skipped', 'error']),
  reason: z.string().max(2000).optional(),
  exitCode: z.int().optional(),
});
export type Outcome = z.infer<typeof outcomeSchema>;
export const completionSchema = outcomeSchema.extend({
  result: jobResultSchema
    .refine((result) => Buffer.byteLength(JSON.stringify(result)) <= mostResultBytes, {
      error: `expected at most ${mostResultBytes} bytes`,
    })
    .optional(),
});
export type Completion = z.infer<typeof completionSchema>;
export const completeAnswerSchema = z.object({ answer: z.enum(['done', 'dup', 'stale']) });
export type CompleteAnswer = z.infer<typeof completeAnswerSchema>;
