import type {
  ApiTokens,
  AuditChain,
  ClaimTokens,
  DeviceLogins,
  Limit,
  PageCodes,
  RateLimits,
  RepositorySecrets,
  Secrets,
  Sessions,
} from '../core/access/index.ts';
import type { Origins } from '../core/forge/index.ts';
import type { Log } from '../core/log/index.ts';
import type { Crons, Follower, Outbox, Queue, Repositories, Schema } from '../core/queue/index.ts';
import type { Tracer } from '../core/trace/index.ts';
import type { Artifacts } from './artifacts/artifacts.ts';
import type { ClientAddress } from './client-address.ts';
import type { Trust } from './clone.ts';
import type { StreamSlots } from './event-stream.ts';
import type { JobCaches } from './job-caches.ts';
import type { JobWatch } from './job-watch.ts';
import type { Metrics } from './metrics.ts';
import type { Pools } from './pools.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import type { SignIn } from './sign-in/sign-in.ts';

/** What the api is made of; `createApp` opens none of it. */
export interface ApiDeps {
  queue: Queue;
  outbox: Outbox;
  follower: Follower;
  repositories: Repositories;
  artifacts: Artifacts;
  crons: Crons;
  claimTokens: ClaimTokens;
  /** Undefined where there is no key to seal them with. */
  repositorySecrets: RepositorySecrets | undefined;
  pageCodes: PageCodes;
  sessions: Sessions;
  apiTokens: ApiTokens;
  audit: AuditChain;
  rateLimits: RateLimits;
  /** Buckets in Redis, the same for all replicas; undefined: no limit. */
  limits: {
    /** Answers 401 to one address. */
    failures: Limit | undefined;
    /** Requests of one person or API token. Agents and their launcher have none: the queue bounds them. */
    requests: Limit | undefined;
  };
  deviceLogins: DeviceLogins;
  /** Undefined where no identity provider is set. */
  signIn?: SignIn | undefined;
  address: ClientAddress;
  secrets: Pick<Secrets, 'roles' | 'webhooks' | 'cloneKey'> & Trust;
  origins: Origins;
  /** Those that jobs may ask for by labels. */
  pools: Pools;
  /** Without a slash at its end. */
  publicUrl: string;
  /** Host headers that are answered, lower case. */
  hosts: readonly string[];
  openReadyz: boolean;
  /** Undefined where none are kept. */
  caches?: JobCaches | undefined;
  watch: JobWatch;
  reconciler: Reconciler;
  metrics: Metrics;
  log: Log;
  /** Whether this api may write what Redis holds. */
  schema: Pick<Schema, 'refusal'>;
  /** Why the promise of the queue cannot be kept now; empty when it can. */
  faults(): Promise<string[]>;
  slots: StreamSlots;
  tracer: Tracer;
  /** Milliseconds since 1970. @default Date.now */
  now?: () => number;
  /** Aborted when the api is about to stop: it is not ready any more, and lets its connections go. */
  draining: AbortSignal;
  /** Aborted when the api stops: streams end, held requests are answered. */
  stopping: AbortSignal;
  /** After this without a message a stream sends a comment, milliseconds. @default 15000 */
  commentMs?: number;
}
