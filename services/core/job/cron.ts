import * as z from 'zod';
import { jobIdSchema, nameSchema, repositoryIdSchema } from './names.ts';

const time = z.int().nonnegative();

/** What a cron is set to. */
export const cronSettingsSchema = z.strictObject({
  /** Five fields (minute, hour, day, month, weekday), or @hourly, @daily, @weekly, @monthly, @yearly. */
  schedule: z.string().min(1).max(100),
  /** An IANA time zone. */
  timezone: z.string().min(1).max(64).default('UTC'),
  /** @default the repository's default branch */
  branch: z.string().min(1).max(512).optional(),
  enabled: z.boolean().default(true),
});
export type CronSettings = z.input<typeof cronSettingsSchema>;

/** A record of a repository that starts a pipeline of a branch by a schedule. */
export const cronSchema = z.object({
  ...cronSettingsSchema.shape,
  repository: repositoryIdSchema,
  name: nameSchema,
  /** Milliseconds since 1970. What was due before is not made up for. */
  setAt: time,
  setBy: z.string(),
});
export type Cron = z.infer<typeof cronSchema>;

/** What became of the newest time that it was due. */
export const firedSchema = z.object({
  /** By the schedule, milliseconds since 1970. */
  dueAt: time,
  pipeline: jobIdSchema.optional(),
  /** Its first job. */
  job: jobIdSchema.optional(),
  /** Why it started nothing. */
  problem: z.string().max(500).optional(),
});
export type Fired = z.infer<typeof firedSchema>;

/** `GET …/crons`: by name; `next` is when it is due, absent where it is off. */
export const cronViewSchema = cronSchema.extend({ next: time.optional(), fired: firedSchema.optional() });
export type CronView = z.infer<typeof cronViewSchema>;

export const mostCrons = 50;
