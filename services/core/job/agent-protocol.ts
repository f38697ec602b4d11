import * as z from 'zod';
import { stepSchema } from './job.ts';
import { lineageSchema } from './lineage.ts';
import { jobIdSchema, nameSchema } from './names.ts';
import { repositoryFactsSchema } from './repository.ts';
import { jobResultSchema, mostResultBytes } from './result.ts';
import { axesSchema, jobSpecSchema } from './spec.ts';

/** What agents and the api say to each other, under `/api/v1/agent`. Bodies are JSON but for log chunks. */

/**
 * What this code says and understands. An api serves agents of every version before its own; an agent says
 * nothing that is newer than what its api has told it that it understands.
 *
 * 1: as it began · 2: `complete` may bring a result · 3: files that a job keeps · 4: `workflows` says of each what it
 * needs, and `complete` that it ends its pipeline
 */
export const agentProtocol = 4;

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
    /**
     * The repository may be private, and the api knows the way: agents ask it in the forge's place, below
     * `/api/v1/agent/jobs/:id/git/`, with the job's token.
     */
    through: z.literal('api').optional(),
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
  /** What a job's variables say, beside its spec. */
  about: z
    .object({
      lineage: lineageSchema.optional(),
      facts: repositoryFactsSchema.optional(),
      /** What of the machine its steps may have. @default nothing */
      trustedWith: z.array(z.string().max(100)).max(10).optional(),
      /** Of the api. */
      version: z.string().max(100).optional(),
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

/** How the jobs that one needs may have ended: all with success; none with success; in any way. */
export const runsOnSchema = z.enum(['success', 'failure', 'always']);

/** One job of a pipeline, as its tree asks for it: a workflow, or one entry of its matrix. */
export const foundJobSchema = z.strictObject({
  workflow: nameSchema,
  entry: jobSpecSchema.shape.entry,
  axes: axesSchema.optional(),
  /** Names of jobs of the same pipeline. */
  needs: z.array(nameSchema).max(100).optional(),
  runs: runsOnSchema.optional(),
  /** What its agent has to be like; by them the api chooses a pool. */
  labels: z.record(z.string().max(100), z.string().max(200)).optional(),
  /** At most `limit` jobs of the repository's group at once. */
  group: z.strictObject({ name: z.string().min(1).max(100), limit: z.int().min(1).max(1000) }).optional(),
  /** @default what the repository allows, which is also the most */
  timeLimitMs: z.int().positive().optional(),
});
export type FoundJob = z.infer<typeof foundJobSchema>;

/** `POST /jobs/:id/workflows`: what else the tree holds; each becomes a job. */
export const workflowsSchema = z.union([
  /** Version 1: names. */
  z.strictObject({ workflows: z.array(nameSchema).min(1).max(50) }),
  z.strictObject({
    /** The workflow that this job runs itself. @default none: it has planned, and that is all */
    own: nameSchema.optional(),
    jobs: z.array(foundJobSchema).min(1).max(100),
  }),
]);
export type Workflows = z.infer<typeof workflowsSchema>;

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
  /** The other jobs of its pipeline are to be cancelled: a step failed that says so. */
  endsPipeline: z.literal(true).optional(),
});
export type Completion = z.infer<typeof completionSchema>;
export const completeAnswerSchema = z.object({ answer: z.enum(['done', 'dup', 'stale']) });
export type CompleteAnswer = z.infer<typeof completeAnswerSchema>;
