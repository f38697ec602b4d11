import * as z from 'zod';
import { jobSchema } from './job.ts';
import { jobIdSchema, nameSchema, repositoryIdSchema } from './names.ts';
import { type FinalState, finalStates, isFinal, type JobState, jobStates } from './state.ts';

/** What people ask of the whole: who works, what waits and why. */

const time = z.int().nonnegative();
const count = z.int().nonnegative();

/** `GET /agents`: one that runs a job. */
export const agentSchema = z.object({
  agent: z.string(),
  job: jobIdSchema,
  pool: nameSchema,
  repository: repositoryIdSchema,
  /** Of its claim. */
  since: time,
  /** The last heartbeat, or the claim. */
  heardAt: time,
  attempt: z.int().positive(),
});
export type Agent = z.infer<typeof agentSchema>;

/** Who was not heard of for longest comes first; `total` counts those that are not listed, too. */
export const agentsSchema = z.object({ agents: z.array(agentSchema), total: count });
export type Agents = z.infer<typeof agentsSchema>;

/** `GET /pools`: one that ever had a job. */
export const poolSchema = z.object({
  pool: nameSchema,
  queued: count,
  running: count,
  /** Since when the job waits that has waited longest. */
  oldest: time.optional(),
});
export type Pool = z.infer<typeof poolSchema>;
export const poolsSchema = z.object({ pools: z.array(poolSchema) });

/** A job that waits, and for what. */
export const queueEntrySchema = z.object({
  job: jobSchema,
  /** In the order in which its pool's agents claim, from 1 on; only of a queued job, and to who knows all. */
  place: z.int().positive().optional(),
  /** 0 (urgent) to 9; one that waits long rises. */
  class: z.int().min(0).max(9),
  group: z.string().optional(),
  /** Names of workflows that it still waits for. */
  needs: z.array(z.string()),
});
export type QueueEntry = z.infer<typeof queueEntrySchema>;

/** `GET /queue`: first what is queued, by pool and place; then what cannot be claimed yet, newest first. */
export const queueSchema = z.object({
  jobs: z.array(queueEntrySchema),
  /** How many there are, listed or not. */
  counts: z.object({ queued: count, blocked: count, waiting: count, delayed: count }),
});
export type QueueView = z.infer<typeof queueSchema>;

/** `GET /pipelines/:pipeline`: what one event started. */
export const pipelineSchema = z.object({
  pipeline: jobIdSchema,
  /** The worst of its jobs, once all have ended. */
  outcome: z.enum(finalStates).optional(),
  counts: z.partialRecord(z.enum(jobStates), count),
  jobs: z.array(z.object({ job: jobSchema, needs: z.array(z.string()) })),
  event: z.string(),
});
export type PipelineView = z.infer<typeof pipelineSchema>;

const worstFirst = [
  'dead',
  'failure',
  'timeout',
  'cancelled',
  'success',
  'skipped',
] as const satisfies FinalState[];

/** The worst state of jobs that have all ended; undefined while one has not, or there is none. */
export function toOutcome(states: readonly JobState[]): FinalState | undefined {
  return states.every(isFinal) ? worstFirst.find((state) => states.includes(state)) : undefined;
}
