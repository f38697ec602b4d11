import * as z from 'zod';
import { toldEvents } from './job-events.ts';
import { forges, forgeUserSchema, nameSchema, repositoryIdSchema } from './names.ts';

/** Which pipelines wait for an approval, unless those who caused them are trusted. */
export const approvalRules = ['forks', 'pull_requests', 'all_events', 'none'] as const;

/** Events of which each says that the one before is out of date. */
export const cancellingEvents = ['push', 'pull_request'] as const;

const peopleSchema = z.array(forgeUserSchema).max(200);

/** `volumes`: folders of the machine in containers, which is as good as being its root. */
export const trusts = ['volumes'] as const;

const readsSchema = z.array(repositoryIdSchema).max(50);

/** A repository that may send events. A webhook of any other is answered 404 and counted. */
export const repositorySchema = z.strictObject({
  id: repositoryIdSchema,
  forge: z.enum(forges),
  /** `owner/name`, as the forge spells it. */
  name: z.string().max(200),
  defaultBranch: z.string().max(512),
  pool: nameSchema,
  /** For each job, from its claim on. */
  timeLimitMs: z.int().positive(),
  /** Unfinished jobs that it may have; more are refused until some are done. @default a half of all */
  jobLimit: z.int().min(1).max(1_000_000).optional(),
  /** Jobs that it may begin in an hour; what a forge tells of waits for the next one. @default as many as come */
  jobsPerHour: z.int().min(1).max(1_000_000).optional(),
  /** @default forks */
  approval: z.enum(approvalRules).optional(),
  /** Forge users whose pipelines wait for nobody. @default none */
  trusted: peopleSchema.optional(),
  /** Where a newer push cancels what the one before has started and is not done. @default nowhere */
  cancelPrevious: z.array(z.enum(cancellingEvents)).max(cancellingEvents.length).optional(),
  /** What of the machine its own people's jobs may have, never those of a fork. @default nothing */
  trustedWith: z.array(z.enum(trusts)).max(trusts.length).optional(),
  /** Which events that move no ref start a pipeline. @default all but pull_request_metadata */
  events: z.array(z.enum(toldEvents)).max(toldEvents.length).optional(),
  /** Forge users who may approve, beside admins. @default whoever may trigger */
  approvers: peopleSchema.optional(),
  /** Other private repositories of its forge that its jobs may fetch as submodules, never those of a fork. @default none */
  reads: readsSchema.optional(),
});
export type Repository = z.infer<typeof repositorySchema>;

/** What a forge said of a repository the last time that it told something. */
export const repositoryFactsSchema = z.object({
  /** The number that the forge knows it by. */
  remoteId: z.int().positive(),
  private: z.boolean(),
  /** Addresses that people use; nothing here asks them. */
  page: z.string().max(500).optional(),
  ssh: z.string().max(500).optional(),
});
export type RepositoryFacts = z.infer<typeof repositoryFactsSchema>;

/** What may be changed of a registered repository. */
export const repositoryPatchSchema = repositorySchema
  .pick({
    defaultBranch: true,
    pool: true,
    timeLimitMs: true,
    jobLimit: true,
    jobsPerHour: true,
    approval: true,
    cancelPrevious: true,
    trusted: true,
    reads: true,
    events: true,
    trustedWith: true,
  })
  .extend({
    /** Null: whoever may trigger. */
    approvers: peopleSchema.nullable(),
  })
  .partial()
  .strict();
export type RepositoryPatch = z.infer<typeof repositoryPatchSchema>;
