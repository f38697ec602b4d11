import * as z from 'zod';
import { jobIdSchema, nameSchema } from './names.ts';
import { jobSpecSchema } from './spec.ts';
import { jobStates, stepStates } from './state.ts';

/** Milliseconds since 1970, by Redis' clock. */
const timeSchema = z.int().nonnegative();

/** One step, as its agent reported it. */
export const stepSchema = z.object({
  name: z.string().max(200),
  state: z.enum(stepStates),
  startedAt: timeSchema.optional(),
  finishedAt: timeSchema.optional(),
  exitCode: z.int().optional(),
});
export type Step = z.infer<typeof stepSchema>;

/** What every reader sees of a job: the fold of its events. */
export const jobSchema = z.object({
  id: jobIdSchema,
  pipeline: jobIdSchema,
  pool: nameSchema,
  spec: jobSpecSchema,
  state: z.enum(jobStates),
  /** Asked to stop, and still running. */
  cancelling: z.boolean(),
  /** Where the spec leaves it to the tree and there were several: the one that it runs. */
  workflow: nameSchema.optional(),
  /** Why it is in this state, in one line: unmet needs, the error of a pipeline file, what was lost. */
  reason: z.string().max(2000).optional(),
  /** It needs an approval that nobody has given. */
  awaits: z.literal(true).optional(),
  /** Claims so far. */
  attempt: z.int().nonnegative(),
  /** Rises with each claim and each loss; whoever holds an older one is refused. */
  fence: z.int().nonnegative(),
  agent: z.string().max(200).optional(),
  createdAt: timeSchema,
  queuedAt: timeSchema.optional(),
  startedAt: timeSchema.optional(),
  finishedAt: timeSchema.optional(),
  /** Of the step that decided a failure. */
  exitCode: z.int().optional(),
  steps: z.array(stepSchema),
});
export type Job = z.infer<typeof jobSchema>;

/** For people: `build`, or `build go=1.24 os=linux` for an entry of a matrix. Undefined: the only one of its pipeline. */
export function toWorkflowTitle({ spec, workflow }: Pick<Job, 'spec' | 'workflow'>): string | undefined {
  const name = spec.workflow ?? spec.own ?? workflow;
  const axes = Object.entries(spec.axes ?? {}).map(([axis, value]) => `${axis}=${value}`);
  return name === undefined ? undefined : [name, ...axes].join(' ');
}
