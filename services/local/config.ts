import { z } from 'zod';

/** Where a test makes the local edition break, once: `<point>:<owner>/<name>`. */
const crashSchema = z
  .string()
  .regex(/^before-delivery:[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/)
  .transform((text) => {
    const [point = '', repository = ''] = text.split(':');
    return { point, repository };
  });
export type Crash = z.infer<typeof crashSchema>;

/** The environment of `up`. What a person chooses are its options (options.ts). */
export const localConfigSchema = z.object({
  /** The Redis program, 7 or newer. */
  BELLOWS_REDIS_SERVER: z.string().default('redis-server'),
  /** First of the user ids that steps run as when `up` was started by root; one for each agent. */
  BELLOWS_STEP_UIDS: z.coerce.number().int().min(1000).default(59_000),
  /** For api, agents and redis: trace, debug, info, warn, error. */
  BELLOWS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info'),
  /** A lost agent is noticed after this at the latest, milliseconds. */
  BELLOWS_LEASE_MS: z.coerce.number().int().positive().default(30_000),
  /**
   * `before-delivery:<owner>/<name>` ends the api with SIGKILL after the first push to this repository
   * moved its ref and before the api hears of it: the moment that a crash is worst.
   */
  BELLOWS_CRASH: crashSchema.optional(),
  /** Set by main.ts: the clone, and the folder of its bundled programs. */
  BELLOWS_ROOT: z.string(),
  BELLOWS_PROGRAMS: z.string(),
});
export type LocalConfig = z.infer<typeof localConfigSchema>;
