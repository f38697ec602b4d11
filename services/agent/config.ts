import { z } from 'zod';
import { nameSchema } from '../core/job/index.ts';

/** The environment of an agent. Its claim token is not here: it comes by stdin, or in a file. */
export const agentConfigSchema = z.object({
  /** The api. */
  BELLOWS_URL: z.url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' }),
  /** Jobs of this pool are taken, and of no other. */
  BELLOWS_POOL: nameSchema,
  /** Its own name, unique while it lives: asking twice with the same name gives the same job. */
  BELLOWS_AGENT: nameSchema,
  /** The job that it was started for; if that is gone, it takes another. */
  BELLOWS_PREFER: z
    .string()
    .regex(/^[0-9a-f]{20}$/, 'expected a job id: 20 hex digits')
    .optional(),
  /** An empty folder of its own. */
  BELLOWS_WORKSPACE: z.string().min(1),
  /** Holds the claim token; without it, the token is the first line of stdin. */
  BELLOWS_TOKEN_FILE: z.string().min(1).optional(),
  /** Made once a job is claimed, for whoever waits for that: in a cluster it is the pod's readiness. */
  BELLOWS_CLAIMED_FILE: z.string().min(1).optional(),
  /** Steps run as this user and group. Only root can do that. */
  BELLOWS_STEP_UID: z.coerce.number().int().min(1).optional(),
  /** A folder that steps do not see. */
  BELLOWS_HIDE: z.string().min(1).optional(),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;
