import * as z from 'zod';
import { nameSchema } from '../core/job/index.ts';

/** The environment of an agent. Its claim token is not here: it comes by stdin, or in a file. */
export const agentConfigSchema = z.object({
  BELLOWS_URL: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' })
    .describe('The api.'),
  BELLOWS_POOL: nameSchema.describe('Jobs of this pool are taken, and of no other.'),
  BELLOWS_AGENT: nameSchema.describe(
    'Its own name, unique while it lives: asking twice with the same name gives the same job.',
  ),
  BELLOWS_PREFER: z
    .string()
    .regex(/^[0-9a-f]{20}$/, 'expected a job id: 20 hex digits')
    .optional()
    .describe('The job that it was started for; if that is gone, it takes another.'),
  BELLOWS_WORKSPACE: z.string().min(1).describe('An empty folder of its own.'),
  BELLOWS_PLACE: z
    .string()
    .min(1)
    .optional()
    .describe(
      'An empty folder where steps see the workspace, where this machine allows it: the same one for all agents of a machine, since what compilers make holds where it was made.',
    ),
  BELLOWS_TOKEN_FILE: z
    .string()
    .min(1)
    .optional()
    .describe('Holds the claim token; without it, the token is the first line of stdin.'),
  BELLOWS_CLAIMED_FILE: z
    .string()
    .min(1)
    .optional()
    .describe("Made once a job is claimed; in a cluster it is the Pod's readiness."),
  BELLOWS_STEP_UID: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Steps run as this user and group. Only root can do that.'),
  BELLOWS_HIDE: z.string().min(1).optional().describe('A folder that steps do not see.'),
  BELLOWS_ENGINE: z
    .enum(['process', 'container', 'auto'])
    .default('process')
    .describe(
      'Where steps run: as processes beside the agent, with its own tools; in containers of their images, by docker or podman; or auto: in containers where every step names an image and one of the two answers.',
    ),
  BELLOWS_STEP_MEMORY_MIB: z.coerce
    .number()
    .int()
    .min(6)
    .max(16_777_216)
    .optional()
    .describe(
      'How much memory a step or service in a container may take at most, MiB. Default: nine tenths of the machine’s. Set, and nothing runs where it cannot be held.',
    ),
  BELLOWS_STEP_PIDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(4_194_304)
    .optional()
    .describe(
      'How many processes and threads a step or service in a container may have. Default: 4096. Set, and nothing runs where it cannot be held.',
    ),
  BELLOWS_PLUGINS: z
    .string()
    .transform((text) => text.split(',').filter((pattern) => pattern !== ''))
    .optional()
    .describe(
      'Plugins that may have secrets by a tag: globs of their names, with commas. All others need a digest (`name@sha256:…`). Default: Woodpecker’s own. Empty: none.',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' })
    .optional()
    .describe('A collector of traces (OTLP over HTTP). Without it nothing is sent.'),
  BELLOWS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least important lines that are logged.'),
});
export type AgentConfig = z.infer<typeof agentConfigSchema>;
