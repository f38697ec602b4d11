import * as z from 'zod';
import { jobSchema, stepSchema } from './job.ts';
import { jobIdSchema, nameSchema } from './names.ts';
import { finalStates } from './state.ts';

const base = { job: jobIdSchema, at: z.int().nonnegative() };
const reason = z.string().max(2000);
const event = <T extends string, S extends z.ZodRawShape>(type: T, shape: S) =>
  z.object({ type: z.literal(type), ...base, ...shape });

/**
 * What happened to a job. All but `step` are decided by a queue script, which writes them in the same
 * atomic call; `step` is an agent's fact, accepted under its fence: what became of a step, and which workflow of
 * several the job runs. `created` carries the whole job in its
 * first state (waiting, blocked or queued; no second event says that), so that a reader can start from nothing.
 */
export const jobEventSchema = z.discriminatedUnion('type', [
  event('created', { snapshot: jobSchema }),
  event('waiting', { reason }),
  event('blocked', { reason }),
  event('queued', {}),
  event('claimed', { agent: z.string(), attempt: z.int(), fence: z.int() }),
  event('step', { fence: z.int(), step: stepSchema, workflow: nameSchema.optional() }),
  event('cancelling', {}),
  event('lost', { fence: z.int(), reason }),
  event('delayed', { until: z.int(), reason }),
  event('finished', {
    state: z.enum(finalStates).exclude(['skipped', 'dead']),
    reason: reason.optional(),
    exitCode: z.int().optional(),
  }),
  event('skipped', { reason }),
  event('dead', { reason }),
]);
export type JobEvent = z.infer<typeof jobEventSchema>;
