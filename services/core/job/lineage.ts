import * as z from 'zod';
import { jobIdSchema } from './names.ts';
import { jobSpecSchema } from './spec.ts';
import { jobStates } from './state.ts';

const time = z.int().nonnegative();
const numbers = {
  /** Of its pipeline, in its repository. Absent: it is older than numbers are. */
  number: z.int().positive().optional(),
  /** Of the pipeline that it is another run of. */
  parent: z.int().positive().optional(),
  /** Milliseconds since 1970, as all of these. */
  createdAt: time,
};

/** Where a job's pipeline stands among those of its repository. */
export const lineageSchema = z.object({
  ...numbers,
  /** Of the job in its pipeline, from 1 on. */
  place: z.int().positive().optional(),
  /** The pipeline before on its branch, as far as history knows it. */
  before: z
    .object({
      job: jobIdSchema,
      spec: jobSpecSchema.pick({
        subject: true,
        author: true,
        branch: true,
        event: true,
        ref: true,
        sha: true,
        sender: true,
        pullRequest: true,
        reason: true,
        deployment: true,
        commit: true,
      }),
      ...numbers,
      startedAt: time.optional(),
      finishedAt: time.optional(),
      /** Of all its jobs together. */
      state: z.enum(jobStates),
    })
    .optional(),
});
export type Lineage = z.infer<typeof lineageSchema>;
