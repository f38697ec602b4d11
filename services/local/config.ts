import * as z from 'zod';

/** Where a test makes the local edition break, once: `<point>:<owner>/<name>`. */
const crashSchema = z
  .string()
  .regex(/^before-delivery:[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/, 'expected before-delivery:<owner>/<name>')
  .transform((text) => {
    const [point = '', repository = ''] = text.split(':');
    return { point, repository };
  });
export type Crash = z.infer<typeof crashSchema>;

/** The environment of `up`. What a person chooses are its options (options.ts). */
export const localConfigSchema = z.object({
  BELLOWS_REDIS_SERVER: z.string().min(1).default('redis-server').describe('The Redis program, 7 or newer.'),
  BELLOWS_STEP_UIDS: z.coerce
    .number()
    .int()
    .min(1000)
    .max(4_000_000_000)
    .optional()
    .describe(
      'First of the user ids that steps run as when root started it; one for each agent. Default: by the data folder, from 30000 to 59999.',
    ),
  BELLOWS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least important lines that the api and the agents log.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' })
    .optional()
    .describe(
      'A collector of traces (OTLP over HTTP), for the api and the agents. Without it nothing is sent.',
    ),
  BELLOWS_ENGINE: z
    .enum(['process', 'container', 'auto'])
    .default('process')
    .describe('Where the steps of jobs run: see the agent.'),
  BELLOWS_STEP_MEMORY_MIB: z.string().optional().describe('For the agents: see there.'),
  BELLOWS_STEP_PIDS: z.string().optional().describe('For the agents: see there.'),
  BELLOWS_PLUGINS: z.string().optional().describe('For the agents: see there.'),
  BELLOWS_GITEA_ORIGIN: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' })
    .optional()
    .describe('For the api: where Gitea is, to build its repositories too.'),
  BELLOWS_GITHUB_ORIGIN: z
    .url({ protocol: /^https?$/, error: 'expected http:// or https:// with a host' })
    .optional()
    .describe('For the api: where GitHub is.'),
  BELLOWS_GITHUB_APP: z
    .string()
    .regex(/^[\w.]{1,100}$/, 'expected the number or the client id of a GitHub App')
    .optional()
    .describe("For the api: see there. The key is the file github-app-key of the data folder's secrets."),
  BELLOWS_CACHE_GIB: z.coerce
    .number()
    .min(0)
    .max(100_000)
    .default(10)
    .describe(
      'How much of the disk the caches of jobs may take, in GiB; what was not used for longest goes first. 0: none are kept.',
    ),
  BELLOWS_LEASE_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('How long a job stays with an agent that sends no heartbeat, milliseconds.'),
  BELLOWS_CRASH: crashSchema
    .optional()
    .describe(
      'For tests. `before-delivery:<owner>/<name>` ends the api with SIGKILL once: after the first push to this repository has moved its ref, and before the api hears of it.',
    ),
  BELLOWS_ROOT: z.string().describe('The clone. Set by `bellows up` itself.'),
  BELLOWS_PROGRAMS: z.string().describe('The folder of the bundled programs. Set by `bellows up` itself.'),
});
export type LocalConfig = z.infer<typeof localConfigSchema>;
