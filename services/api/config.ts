import * as z from 'zod';
import { originSchema } from '../core/forge/index.ts';
import { nameSchema, repositoryIdSchema } from '../core/job/index.ts';
import { samplers } from '../core/trace/index.ts';
import { isBlockList } from './client-address.ts';
import { parsePools } from './pools.ts';
import { parseRoles } from './sign-in/roles.ts';

const text = z.string().min(1);
const flag = z.stringbool({ truthy: ['true'], falsy: ['false'], error: 'expected true or false' });

/** `<n>/<s, m or h>`: so many at once, and again within the time. */
const limit = (usual: string) =>
  z
    .string()
    .regex(/^(?:off|[1-9]\d{0,8}\/[smh])$/, 'expected <number>/<s, m or h>, such as 60/m, or off')
    .default(usual)
    .transform((given) => {
      const [burst, unit = ''] = given.split('/');
      const periodMs = { s: 1000, m: 60_000, h: 3_600_000 }[unit];
      return periodMs === undefined ? undefined : { burst: Number(burst), periodMs };
    });

/** The environment of the api. Secrets are not here: they are files in `BELLOWS_SECRETS_DIR`. */
export const apiConfigSchema = z.object({
  BELLOWS_LISTEN: text
    .regex(/^(?:[^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'expected host:port')
    .default('127.0.0.1:7440')
    .describe('Address and port to listen on; port 0 takes a free one.'),
  BELLOWS_METRICS_LISTEN: text
    .regex(/^(?:[^\s:]+|\[[0-9a-fA-F:]+\]):\d{1,5}$/, 'expected host:port')
    .optional()
    .describe(
      'Another address and port, where /metrics answers to whoever asks, and nothing else does: for a network that lets only Prometheus there.',
    ),
  BELLOWS_PUBLIC_URL: originSchema
    .default('http://127.0.0.1:7440')
    .describe('Where people and forges reach the api; pages and webhooks are printed with it.'),
  BELLOWS_HOSTS: z
    .string()
    .transform((list) => list.split(',').map((host) => host.trim().toLowerCase()))
    .pipe(z.array(text))
    .optional()
    .describe(
      'Host headers that are answered, comma-separated, with their ports (api.bellows.svc:7440). Default: those of the public URL and, when listening on loopback, its names.',
    ),
  BELLOWS_REDIS_URL: text
    .regex(
      /^(?:(?:redis|unix):\/\/|redis\+sentinel:\/\/[^/]+\/[\w.-]+$)/,
      'expected redis://host:port, unix:///path or redis+sentinel://host:port,host:port/name',
    )
    .default('redis://127.0.0.1:6379')
    .describe(
      'The Redis that holds the queue: redis://host:port, unix:///path, or redis+sentinel://host:port,host:port/name, where sentinels say which server is the primary.',
    ),
  BELLOWS_REDIS_USER: text
    .default('api')
    .describe('Redis ACL user; its password is the secret redis-password.'),
  BELLOWS_REDIS_REPLICAS: z.coerce
    .number()
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe(
      'Replicas of Redis that must have a push, and how a job ended, before that is answered; fewer are answered 503. 0 for a single Redis with a disk of its own.',
    ),
  BELLOWS_SECRETS_DIR: text.describe(
    'Folder with one secret in a file: admin-token, launcher-token, metrics-token, webhook-local, webhook-gitea, webhook-github (two lines while one is replaced), oidc-client-secret, clone-key, secrets-key (two lines while it is replaced), redis-password, s3-access-key, s3-secret-key; forge-gitea and forge-github hold a token with which commit statuses are posted there, pull requests and authors looked up, and private repositories read; github-app-key, in place of the latter, the private key of a GitHub App.',
  ),
  BELLOWS_LOCAL_ORIGIN: originSchema
    .optional()
    .describe(
      'Where the git remote of the single-machine edition is. Repositories are cloned from registered origins only.',
    ),
  BELLOWS_GITEA_ORIGIN: originSchema
    .optional()
    .describe('Where Gitea is; its repositories are cloned from here only.'),
  BELLOWS_GITHUB_ORIGIN: originSchema
    .optional()
    .describe(
      'Where GitHub is (https://github.com, or an own server); its repositories are cloned from here only.',
    ),
  BELLOWS_GITHUB_APP: z
    .string()
    .regex(/^(?:[1-9]\d{0,18}|Iv[\w.]{1,98})$/, 'expected the number or the client id of a GitHub App')
    .optional()
    .describe(
      'A GitHub App that is installed where the repositories are, in place of the token forge-github; its private key is the secret github-app-key.',
    ),
  BELLOWS_OIDC_ISSUER: z
    .url()
    .refine(isSafeIssuer, 'expected https://, or http:// on loopback')
    .optional()
    .describe(
      'The OpenID Connect provider that people sign in with, spelt as it spells its issuer. Its client secret is the secret oidc-client-secret. Default: nobody signs in; pages open by one-time codes.',
    ),
  BELLOWS_OIDC_CLIENT_ID: text.optional().describe('What the provider knows this Bellows as.'),
  BELLOWS_OIDC_ROLES: z
    .string()
    .default('')
    .transform((rules, context) => {
      try {
        return parseRoles(rules);
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
        return z.NEVER;
      }
    })
    .describe(
      'Who may do what, by the claims of the provider: admin=group:acme:owners;trigger=group:acme:devs;view=*. Default: nobody.',
    ),
  BELLOWS_OIDC_SCOPES: text
    .default('openid profile')
    .describe('What is asked of the provider; groups beside it where that is a scope, as at Gitea.'),
  BELLOWS_OIDC_NAME: nameSchema
    .default('oidc')
    .describe('The provider in a word: user:<name>:<subject> is who acts.'),
  BELLOWS_LEASE_MS: z.coerce
    .number()
    .int()
    .min(100)
    .max(600_000)
    .default(30_000)
    .describe('How long a job stays with an agent that sends no heartbeat, milliseconds.'),
  BELLOWS_LIMIT_FAILURES: limit('60/m').describe(
    'How often an address may bring a credential that is nobody’s, at once and again within each s, m or h; off: as often as it likes.',
  ),
  BELLOWS_LIMIT_REQUESTS: limit('6000/m').describe(
    'How many requests a person or an API token may make, in the same form. Agents and forges have no such limit.',
  ),
  BELLOWS_TRUSTED_PROXIES: z
    .string()
    .transform((list) =>
      list
        .split(',')
        .map((entry) => entry.trim())
        .filter((entry) => entry !== ''),
    )
    .refine(isBlockList, 'expected addresses or blocks such as 10.0.0.0/8, comma-separated')
    .default([])
    .describe(
      'Proxies whose X-Forwarded-For is believed, by address or block, comma-separated. Default: none.',
    ),
  BELLOWS_AUDIT_RECORDS: z.coerce
    .number()
    .int()
    .min(1000)
    .max(10_000_000)
    .default(100_000)
    .describe('How many records the audit log keeps in Redis, some 400 bytes each.'),
  BELLOWS_AUDIT_HEADS: text
    .optional()
    .describe('File to which the head of the audit log is added each hour, for `bellows audit verify`.'),
  BELLOWS_DRAIN_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60_000)
    .default(0)
    .describe(
      'How long it still answers after it was asked to stop and /readyz says so, milliseconds: until whoever balances the load has seen that.',
    ),
  BELLOWS_STORE: z
    .string()
    .regex(/^(?:\/|https?:\/\/[^/?#@]+\/)[^?#@]*[^?#@/]$/, 'expected /a/folder or https://endpoint/bucket')
    .optional()
    .describe(
      'Where logs go when their job has ended, and where artifacts and caches are: a folder, or a bucket of an S3-compatible store (https://endpoint/bucket, key in the secrets s3-access-key and s3-secret-key). Without it logs stay in Redis for 30 days, and there are no artifacts.',
    ),
  BELLOWS_STORE_REGION: text.default('us-east-1').describe('Of the S3-compatible store.'),
  BELLOWS_CACHE_GIB: z.coerce
    .number()
    .min(0)
    .max(100_000)
    .default(0)
    .describe(
      'How much the caches of jobs may take of the same store, in GiB; what was not used for longest goes first. 0: none are kept.',
    ),
  BELLOWS_LOG_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(90)
    .describe('How long an archived log is kept, at most; it also goes with its job.'),
  BELLOWS_ARTIFACT_DAYS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3650)
    .default(30)
    .describe('How long the files that a job keeps are there, at most; they also go with their job.'),
  BELLOWS_ARTIFACT_JOB_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(1024)
    .describe('How much one job may keep, MiB.'),
  BELLOWS_ARTIFACT_REPOSITORY_MIB: z.coerce
    .number()
    .int()
    .min(1)
    .max(100_000_000)
    .default(10_240)
    .describe('How much all jobs of one repository may keep, MiB.'),
  BELLOWS_POOLS: z
    .string()
    .max(10_000)
    .regex(
      /^[A-Za-z0-9][\w.-]{0,99}=[a-z0-9]+\/[a-z0-9]+(?:,[A-Za-z0-9][\w.-]{0,99}=[a-z0-9]+\/[a-z0-9]+)*$/,
      'expected name=os/arch, comma-separated',
    )
    .transform(parsePools)
    .optional()
    .describe(
      "The pools that a workflow's labels may ask for, by `pool` or `platform`: amd64=linux/amd64,spark=linux/arm64. Without it each job runs in its repository's pool.",
    ),
  BELLOWS_REPOSITORIES: z
    .string()
    .max(100_000)
    .transform((list, context) => {
      const wanted = new Map<string, string>();
      for (const each of list.split(',')) {
        const [id = '', pool = '', ...rest] = each.split('=');
        const isOne = repositoryIdSchema.safeParse(id).success && nameSchema.safeParse(pool).success;
        if (!isOne || rest.length > 0 || id.startsWith('local/'))
          context.addIssue({
            code: 'custom',
            message: `expected <forge>/<owner>/<name>=<pool>, not "${each.slice(0, 100)}"`,
          });
        wanted.set(id, pool);
      }
      return wanted;
    })
    .optional()
    .describe(
      'Repositories that are registered where they are not yet, each with the pool of its jobs: gitea/acme/site=amd64,gitea/acme/engine=spark. What somebody sets of one afterwards stays.',
    ),
  BELLOWS_METRICS_NAMES: z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .default(50)
    .describe('Repositories, and pools, that metrics tell apart: the first so many; the rest are `other`.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: originSchema
    .optional()
    .describe('A collector of traces (OTLP over HTTP, JSON). Without it nothing is sent.'),
  OTEL_TRACES_SAMPLER: z
    .enum(samplers)
    .default('parentbased_always_on')
    .describe('Which traces are kept, in the words of OpenTelemetry.'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('For the samplers that end in traceidratio: the share that is kept, 0 to 1.'),
  BELLOWS_LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error'])
    .default('info')
    .describe('The least important lines that are logged.'),
  BELLOWS_REQUIRE_DURABLE: flag
    .default(true)
    .describe(
      'Be not ready while Redis could lose an accepted push: unless it runs with appendonly yes, appendfsync always, aof-load-truncated no and noeviction.',
    ),
  BELLOWS_OPEN_READYZ: flag
    .default(false)
    .describe(
      'Answer /readyz to whoever asks, in one word, as a kubelet needs it; otherwise it takes a credential.',
    ),
});

export type ApiConfig = z.infer<typeof apiConfigSchema>;

/** In the clear only where no network is. */
function isSafeIssuer(text: string): boolean {
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(hostname))
  );
}
