import * as z from 'zod';
import type { Digests } from './digests.ts';
import { findMisfits } from './fit.ts';

// What platform.yaml may say. Its JSON Schema, docs/platform.schema.json, is made from this object.

/** RFC 1123 label, short enough that what Kubernetes and KEDA append to it still fits in 63 characters. */
const label = z
  .string()
  .regex(
    /^[a-z](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
    'expected a name such as "amd64-m": 1 to 40 of a-z, 0-9 and -, beginning with a letter',
  );

const size = z.string().regex(/^[1-9][0-9]{0,5}(?:Mi|Gi)$/, 'expected a size such as "512Mi" or "4Gi"');

const domain = z
  .string()
  .max(200)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    'expected a domain such as "home.arpa"',
  );

/** Of an account, as Gitea takes it. */
const giteaName = z
  .string()
  .max(40)
  .regex(/^[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*$/, 'expected a name such as "acme"');

const cpu = z.number().min(0.1).max(256);

/** As JavaScript counts them. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const clock = z.string().regex(/^(?:[01][0-9]|2[0-3]):[0-5][0-9]$/, 'expected a time such as "22:00"');

const quietSchema = z
  .strictObject({
    from: clock.describe('When it begins; jobs that run go on.'),
    to: clock.describe('When it is over; on the next day, where that is earlier.'),
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .max(7)
      .default([...weekdays])
      .describe('On which days it begins.'),
  })
  .refine(({ from, to }) => from !== to, { path: ['to'], error: 'expected another time than "from"' });

const poolSchema = z
  .strictObject({
    arch: z.enum(['amd64', 'arm64']).describe('What the nodes of this pool are.'),
    max: z.int().min(1).max(500).describe('No more agents than this at a time.'),
    cpu: cpu.default(2).describe('Cores of one agent.'),
    memory: size.default('4Gi').describe('Memory of one agent.'),
    disk: size.default('20Gi').describe('Disk of one agent: the workspace, /tmp and logs.'),
    timeLimitMinutes: z
      .int()
      .min(1)
      .max(24 * 60)
      .default(120)
      .describe('The longest that a job of this pool may take.'),
    quiet: z
      .array(quietSchema)
      .max(14)
      .optional()
      .describe(
        'When no agent of this pool begins, by the timeZone of the cluster; jobs wait. Empty: never, also where that was otherwise.',
      ),
    gpu: z
      .strictObject({
        count: z.int().min(1).max(16).default(1).describe('How many each agent gets, or shares of them.'),
        product: z
          .string()
          .regex(/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, 'expected a name such as "NVIDIA-GB10"')
          .optional()
          .describe('Only on nodes whose label nvidia.com/gpu.product says this.'),
      })
      .optional()
      .describe(
        "GPUs of NVIDIA. Their nodes have the label bellows.dev/gpu=nvidia (dist/hosts/<cluster>/gpu-*.yaml); where NVIDIA's runtime refuses user namespaces, set userNamespaces: false.",
      ),
    internet: z
      .boolean()
      .default(true)
      .describe('Whether steps may reach public addresses (ports 80 and 443).'),
    userNamespaces: z
      .boolean()
      .default(true)
      .describe(
        'Root in a step is nobody on the node. Needs Kubernetes 1.33 and Linux 6.3; false for older nodes.',
      ),
  })
  .describe('A class of agents. None run while no job waits.');

const bucketSchema = z
  .strictObject({
    url: z
      .string()
      .max(300)
      .regex(
        /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._-]+)+$/,
        'expected an endpoint with a bucket such as "https://s3.example.org/logs"',
      )
      .describe('The endpoint and the bucket, which has to exist.'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/, 'expected a region such as "us-east-1"')
      .default('us-east-1')
      .describe('As the store calls it.'),
    credentials: label.describe('A Secret in the namespace ci with s3-access-key and s3-secret-key.'),
    addresses: z
      .array(z.cidrv4('expected a range such as "192.168.1.10/32"'))
      .min(1)
      .max(32)
      .optional()
      .describe('Where the store is, if it has no public address: the api may reach it there.'),
  })
  .describe('A bucket of any S3-compatible store.');

const secretSource = z.enum(['cluster', 'sealed', 'external']);

const secretsSchema = z
  .strictObject({
    from: secretSource
      .default('cluster')
      .describe(
        'Where Secrets come from. cluster: made there, by a Job what may be random and by a person what may not; sealed: files of sealed/<cluster>/, encrypted with SOPS; external: a store that External Secrets reads.',
      ),
    each: z
      .record(label, secretSource)
      .default({})
      .describe('Another origin for single Secrets, by their names.'),
    recipients: z
      .array(z.string().regex(/^age1[02-9ac-hj-np-z]{58}$/, 'expected an age recipient such as "age1…"'))
      .min(1)
      .max(16)
      .optional()
      .describe(
        "Whom files of sealed/<cluster>/ are encrypted for: the cluster's own key and those of the people who keep them, and nobody else.",
      ),
    store: label.optional().describe('The ClusterSecretStore that external ones are read from.'),
    folder: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a folder of the store such as "bellows"')
      .default('bellows')
      .describe('Where they are in the store: <folder>/<name of the Secret>, a property for each key.'),
  })
  .superRefine(({ from, each, recipients, store }, context) => {
    const used = new Set([from, ...Object.values(each)]);
    if (used.has('sealed') && recipients === undefined)
      context.addIssue({ code: 'custom', message: 'expected "recipients", since Secrets are sealed' });
    if (used.has('external') && store === undefined)
      context.addIssue({ code: 'custom', message: 'expected "store", since Secrets are external' });
  })
  .prefault({});

/** Where Flux may tell what it did, and what each asks of its Secret. */
export const alertKinds = {
  slack: ['address'],
  discord: ['address'],
  msteams: ['address'],
  googlechat: ['address'],
  rocket: ['address'],
  lark: ['address'],
  matrix: ['address', 'token'],
  telegram: ['token'],
  alertmanager: ['address'],
  generic: ['address'],
  'generic-hmac': ['address', 'token'],
} as const satisfies Record<string, readonly string[]>;

const fluxSchema = z
  .strictObject({
    receiver: z
      .enum(['gitea', 'https'])
      .optional()
      .describe(
        "Who says that the platform's repository has changed, so that a push is applied at once and not within a minute: the cluster's own Gitea, by itself; or a forge elsewhere, at https://flux.<domain>.",
      ),
    alerts: z
      .strictObject({
        to: z
          .enum(Object.keys(alertKinds) as [keyof typeof alertKinds])
          .describe(
            'What is told. Its address, and the token that some ask for, are keys of the Secret flux-alerts in flux-system.',
          ),
        channel: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .describe('The channel or room, where the address does not say it.'),
        severity: z
          .enum(['info', 'error'])
          .default('error')
          .describe('error: what could not be applied; info: also each commit that was.'),
      })
      .refine(({ to, channel }) => channel !== undefined || !['matrix', 'telegram'].includes(to), {
        path: ['channel'],
        error: 'expected the room or chat to write to',
      })
      .optional()
      .describe('Who hears of what Flux does. Without it, nobody.'),
  })
  .prefault({});

const machineSchema = z
  .strictObject({
    arch: z.enum(['amd64', 'arm64']).describe('What it is.'),
    cpu: z.int().min(1).max(1024).describe('Its cores.'),
    memory: size.describe('Its memory.'),
    disk: size.optional().describe('What pods may fill of its disk. Without it disks are not counted.'),
    gpus: z.int().min(0).max(16).optional().describe('Its GPUs of NVIDIA; without it, none.'),
    count: z.int().min(1).max(100).default(1).describe('How many are like this.'),
    monthly: z
      .number()
      .min(0)
      .max(1e6)
      .optional()
      .describe(
        'What one costs a month, in any money. With it on every machine, ./bellows diff says what a change takes of it.',
      ),
  })
  .describe('A machine of the cluster.');

const clusterSchema = z
  .strictObject({
    domain: domain
      .default('home.arpa')
      .describe('The api answers at https://bellows.<domain>, Gitea at https://git.<domain>.'),
    certificate: label
      .optional()
      .describe(
        "A TLS Secret in the namespace ci for both hosts. Without it the ingress controller's own is used.",
      ),
    registry: z
      .string()
      .max(200)
      .regex(
        /^[a-z0-9.-]+(?::[0-9]{1,5})?(?:\/[a-z0-9._-]+)*$/,
        'expected a registry and folder such as "git.home.arpa/bellows"',
      )
      .default('localhost/bellows')
      .describe('Where the images api and agent are pulled from; localhost is for images imported into k3s.'),
    machines: z
      .array(machineSchema)
      .min(1)
      .max(100)
      .optional()
      .describe(
        "What the cluster consists of. With it, pools that do not fit are refused. What a machine keeps for itself (charts/foundation/k3s.ts) is not the pools'.",
      ),
    storageClass: label
      .default('local-path')
      .describe("The class of every volume; the default is k3s's own."),
    nodes: z
      .array(z.cidrv4('expected a range such as "192.168.1.0/24"'))
      .min(1)
      .max(32)
      .default(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'])
      .describe("Where the nodes' own addresses lie: the Kubernetes API is looked for nowhere else."),
    k3s: z
      .strictObject({
        servers: z
          .union([z.literal(1), z.literal(3)], { error: "expected 1, or 3 that keep each other's state" })
          .default(1)
          .describe('How many machines keep the state of the cluster. Of three, one may be lost.'),
        labels: z
          .record(
            z
              .string()
              .max(300)
              .regex(
                /^(?:[a-z0-9.-]+\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
                'expected a label',
              ),
            z
              .string()
              .regex(/^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, 'expected a value of a label'),
          )
          .default({})
          .describe('Labels of every machine, from when it joins.'),
        mirrors: z
          .record(
            z
              .string()
              .max(200)
              .regex(/^(?:\*|[a-z0-9.-]+(?::[0-9]{1,5})?)$/, 'expected a registry such as "docker.io"'),
            z
              .array(
                z
                  .string()
                  .max(300)
                  .regex(
                    /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._/-]*)?$/,
                    'expected an address such as "https://mirror.home.arpa"',
                  ),
              )
              .min(1)
              .max(10),
          )
          .default({})
          .describe('Where images of a registry are looked for first, by registry; "*" is every other one.'),
      })
      .prefault({})
      .describe('What dist/hosts tells the machines.'),
    gpu: z
      .strictObject({
        plugin: z
          .boolean()
          .default(true)
          .describe(
            "Whether NVIDIA's device plugin is brought, where a pool has GPUs; false where it is there.",
          ),
        shares: z
          .int()
          .min(1)
          .max(32)
          .default(1)
          .describe(
            'Into how many shares each GPU is divided in time; nothing keeps their memory apart. 1: whoever has it has it alone.',
          ),
      })
      .prefault({})
      .describe('How GPUs are given out.'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'expected a time zone such as "Europe/Berlin"')
      .default('Etc/UTC')
      .describe('Whose clock the quiet hours of pools go by.'),
    redis: z
      .strictObject({
        memory: size.default('512Mi').describe('Jobs and live logs; 70 % of it is data.'),
        storage: size
          .default('4Gi')
          .describe('Its volume; the file that is being rewritten needs room beside the old one.'),
        servers: z
          .union([z.literal(1), z.literal(3)], {
            error: 'expected 1, or 3 that agree on which is the primary',
          })
          .default(1)
          .describe(
            'How many run. Of three, one may be lost: sentinels choose another primary within seconds, and nothing is acknowledged before a second one has it.',
          ),
        exporter: z
          .boolean()
          .default(false)
          .describe('Beside each, a program that tells Prometheus how it is (port 9121).'),
      })
      .prefault({}),
    gitea: z
      .strictObject({
        memory: size.default('1Gi').describe('Memory of Gitea and the git that it runs.'),
        storage: size.default('20Gi').describe('Repositories, packages, LFS and, with SQLite, the database.'),
        mirrors: z
          .array(
            z.strictObject({
              from: z
                .string()
                .max(300)
                .regex(
                  /^https:\/\/[A-Za-z0-9.-]+\/(?:[A-Za-z0-9._-]+\/)+[A-Za-z0-9._-]*[A-Za-z0-9]$/,
                  'expected a public repository such as "https://github.com/acme/site"',
                )
                .describe('A public repository.'),
              owner: giteaName.describe('The organisation in Gitea that has the mirror; it is made.'),
              name: giteaName.optional().describe('Its name there. Default: as it is called elsewhere.'),
              everyMinutes: z
                .int()
                .min(10)
                .max(24 * 60)
                .default(10)
                .describe('How often Gitea looks for what is new.'),
            }),
          )
          .max(500)
          .default([])
          .describe('Repositories of elsewhere that Gitea mirrors, and that agents clone from it.'),
        database: z
          .enum(['sqlite', 'postgres'])
          .default('sqlite')
          .describe(
            'sqlite: a file of its volume, enough for a team. postgres: a server of its own, for many who work at once. Chosen before the first start: nothing moves from one to the other.',
          ),
        postgres: z
          .strictObject({
            memory: size.default('512Mi').describe('Memory of PostgreSQL.'),
            storage: size.default('10Gi').describe('Its volume.'),
          })
          .prefault({})
          .describe('Where database is postgres.'),
        ssh: z
          .boolean()
          .default(false)
          .describe('Whether people may also clone and push by SSH: ssh://git@git.<domain>:2222/…'),
        organizations: z
          .array(giteaName)
          .max(100)
          .default([])
          .describe(
            'Organisations that are made there, and whose repositories Bellows may tell of commits. To others the account bellows-bot is added by hand.',
          ),
      })
      .prefault({}),
    api: z
      .strictObject({
        replicas: z.int().min(1).max(10).default(2).describe('How many are ready to take a webhook.'),
        most: z
          .int()
          .min(2)
          .max(20)
          .optional()
          .describe('With it there are up to so many while they are busy. k3s measures what they use.'),
        memory: size.default('256Mi').describe('Memory of one replica.'),
        logLevel: z
          .enum(['trace', 'debug', 'info', 'warn', 'error'])
          .default('info')
          .describe('The least important lines that are logged.'),
      })
      .refine(({ replicas, most }) => most === undefined || (replicas >= 2 && most > replicas), {
        path: ['most'],
        error: 'expected more than "replicas", which are at least 2',
      })
      .prefault({}),
    signIn: z
      .strictObject({
        issuer: z
          .url({ protocol: /^https$/, error: 'expected an address such as "https://git.home.arpa"' })
          .optional()
          .describe(
            "The OpenID Connect provider, as it spells its issuer. Without it: the cluster's own Gitea. Its certificate must be one that Node trusts.",
          ),
        clientId: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .describe(
            'What the provider knows this Bellows as. With our own Gitea that is arranged by itself.',
          ),
        roles: z
          .string()
          .min(1)
          .max(2000)
          .describe('Who may do what: admin=group:acme:owners;trigger=group:acme:devs;view=*.'),
        scopes: z.string().min(1).max(200).default('openid profile groups').describe('What is asked of it.'),
        name: label.default('gitea').describe('The provider in a word, as the audit log names people.'),
      })
      .refine(
        ({ issuer, clientId }) => (issuer === undefined) === (clientId === undefined),
        'expected both an issuer and a clientId, or neither: then it is our own Gitea',
      )
      .optional()
      .describe(
        'How people sign in. With an issuer, its client secret is the key oidc-client-secret of the Secret bellows-sign-in in the namespace ci. Without all of this nobody does.',
      ),
    archive: z
      .strictObject({
        volume: size
          .optional()
          .describe(
            'A volume of this size, mounted by every replica of the api: for one node, or a storage class that several nodes may mount.',
          ),
        bucket: bucketSchema.optional(),
        days: z.int().min(1).max(3650).default(90).describe('How long an archived log is kept, at most.'),
        caches: z
          .string()
          .regex(/^[1-9][0-9]{0,4}Gi$/, 'expected a size such as "20Gi"')
          .optional()
          .describe(
            'How much of it the caches of jobs may take; what was not used for longest goes first. Without it there are none.',
          ),
      })
      .refine(
        ({ volume, bucket }) => (volume === undefined) !== (bucket === undefined),
        'expected either a volume or a bucket',
      )
      .optional()
      .describe('Where logs go when their job has ended. Without it they stay in Redis for 30 days.'),
    secrets: secretsSchema.describe(
      'Where Secrets come from. What Flux needs before it reads the repository, a person puts there.',
    ),
    flux: fluxSchema.describe('What Flux hears and says.'),
    monitoring: z
      .strictObject({
        by: z
          .enum(['operator', 'annotations'])
          .describe(
            'How Prometheus finds what to read: by objects of its operator, which has to be there, or by the annotations prometheus.io/scrape, port and path.',
          ),
        namespace: label
          .default('monitoring')
          .describe('Where Prometheus is; from nowhere else are figures seen.'),
        labels: z
          .record(z.string().regex(/^[A-Za-z0-9./_-]{1,200}$/), z.string().regex(/^[A-Za-z0-9._-]{0,63}$/))
          .default({})
          .describe("What the operator's selectors ask for, such as {release: prometheus}."),
      })
      .optional()
      .describe(
        'A Prometheus that is there reads the figures, has our alerts, and Grafana a dashboard. Without it /metrics takes a token.',
      ),
    backup: z
      .strictObject({
        at: z
          .string()
          .regex(
            /^(?:[\d*,/-]+ ){4}[\d*,/-]+$/,
            'expected five fields such as "30 2 * * *": minute, hour, day, month, weekday (UTC)',
          )
          .default('30 2 * * *')
          .describe('When copies are made, in the words of cron, UTC.'),
        days: z
          .int()
          .min(1)
          .max(3650)
          .default(14)
          .describe('How long a copy is kept; the newest three are kept in any case.'),
        volume: size
          .optional()
          .describe(
            'A volume of this size for each: of Redis, of Gitea, of PostgreSQL. It is lost with its disk.',
          ),
        bucket: bucketSchema.optional(),
      })
      .refine(
        ({ volume, bucket }) => (volume === undefined) !== (bucket === undefined),
        'expected either a volume or a bucket',
      )
      .optional()
      .describe('Where copies of Redis, Gitea and PostgreSQL go. Without it there are none.'),
    tracing: z
      .strictObject({
        endpoint: z
          .string()
          .max(300)
          .regex(
            /^https?:\/\/[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._-]+)*$/,
            'expected an address such as "http://collector.monitoring.svc:4318"',
          )
          .describe(
            'A collector (OTLP over HTTP). One of this cluster is named <service>.<namespace>.svc, with the port that its Pods listen on.',
          ),
        addresses: z
          .array(z.cidrv4('expected a range such as "192.168.1.10/32"'))
          .min(1)
          .max(32)
          .optional()
          .describe(
            'Where it is, if it is in no cluster and has no public address: the api may reach it there.',
          ),
        share: z
          .number()
          .min(0)
          .max(1)
          .default(1)
          .describe('Of the traces that begin here; 0.1 keeps a tenth.'),
      })
      .optional()
      .describe(
        'Where traces go. Agents send theirs only to a public collector, from pools with internet: code of strangers reaches nothing private. Without it nothing is sent.',
      ),
    pools: z
      .record(label, poolSchema)
      .refine(isNotEmpty, 'expected at least one pool')
      .refine(isAtMost(100), { error: 'expected at most 100 pools', abort: true })
      .describe('The classes of agents, by name.'),
  })
  .superRefine((cluster, context) => {
    for (const { path, message } of findMisfits(cluster))
      context.addIssue({ code: 'custom', path: [...path], message });
  })
  .describe('One k3s cluster with everything on it: Gitea, Redis, the api and agents.');

/** What `./bellows diff` refuses (charts/review/diff) unless it is waived. */
export const blockingRules = [
  'pruned-state',
  'immutable',
  'selector-drift',
  'crd-shrinks',
  'widened-access',
  'opened-network',
] as const;

const waiverSchema = z
  .strictObject({
    rule: z.enum(blockingRules).describe('What it lets pass.'),
    object: z
      .string()
      .max(400)
      .regex(
        /^[A-Z][A-Za-z]* (?:[a-z0-9.-]+\/)?[A-Za-z0-9.:_-]+$/,
        'expected an object as the diff calls it such as "StatefulSet ci/redis"',
      )
      .describe('Whose change.'),
    clusters: z.array(label).min(1).max(100).optional().describe('Where. Without it: in every cluster.'),
    because: z.string().trim().min(10).max(500).describe('Why that is right; reviewers read it.'),
    until: z.iso
      .date({ error: 'expected a day such as "2026-12-31"' })
      .describe('The last day on which it holds (UTC).'),
  })
  .describe('A change that ./bellows diff blocks, and that somebody has answered for.');

export type Waiver = z.output<typeof waiverSchema>;

export const platformSchema = z
  .strictObject({
    source: z
      .strictObject({
        url: z
          .url({
            protocol: /^(?:https?|ssh)$/,
            error: 'expected an address such as "https://git.home.arpa/me/platform"',
          })
          .optional()
          .describe(
            "The repository that holds dist/. Without it: bellows/platform on each cluster's own Gitea.",
          ),
        branch: z
          .string()
          .max(200)
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'expected a branch such as "main"')
          .default('main')
          .describe('What is pushed here is what the clusters become.'),
        credentials: label
          .optional()
          .describe(
            'A Secret in flux-system with username and password, where the repository asks for them; for our own Gitea: platform-source.',
          ),
      })
      .prefault({})
      .describe('What Flux reads.'),
    waivers: z
      .array(waiverSchema)
      .max(100)
      .default([])
      .describe('What may pass ./bellows diff all the same, until a day.'),
    clusters: z
      .record(label, clusterSchema)
      .refine(isNotEmpty, 'expected at least one cluster')
      .refine(isAtMost(1000), { error: 'expected at most 1000 clusters', abort: true })
      .describe('By name, which is also the name of its folder in dist/clusters/.'),
  })
  .superRefine(({ source, clusters }, context) => {
    for (const [name, { flux }] of Object.entries(clusters))
      if (flux.receiver === 'gitea' && source.url !== undefined)
        context.addIssue({
          code: 'custom',
          path: ['clusters', name, 'flux', 'receiver'],
          message: 'expected "https", since the repository is that of source.url',
        });
  });

export type Platform = z.output<typeof platformSchema> & {
  /** Of pins.json, which stands beside the platform file. @default nothing is pinned by digest */
  readonly digests?: Digests;
};
export type Cluster = z.output<typeof platformSchema>['clusters'][string];
export type Pool = Cluster['pools'][string];

const extendsSchema = {
  type: 'string' as const,
  description: 'Another cluster, whose settings this one has where it says nothing else.',
};

/** The schema for editors, of what a person writes: every default may be left out. */
export function toPlatformJsonSchema(): string {
  const schema = z.toJSONSchema(platformSchema, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema !== clusterSchema) return;
      // What a cluster takes from another is there before this schema is asked.
      jsonSchema.properties = { extends: extendsSchema, ...jsonSchema.properties };
      delete jsonSchema.required;
      jsonSchema.anyOf = [{ required: ['pools'] }, { required: ['extends'] }];
    },
  });
  return `${JSON.stringify({ title: 'platform.yaml of Bellows', ...schema }, null, 2)}\n`;
}

function isTimeZone(name: string): boolean {
  return (
    /^[A-Za-z]/.test(name) &&
    (['UTC', 'Etc/UTC'].includes(name) || Intl.supportedValuesOf('timeZone').includes(name))
  );
}

function isAtMost(count: number): (record: object) => boolean {
  return (record) => Object.keys(record).length <= count;
}

function isNotEmpty(record: object): boolean {
  return Object.keys(record).length > 0;
}
