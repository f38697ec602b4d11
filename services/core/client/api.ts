import * as z from 'zod';
import { auditPageSchema } from '../audit/index.ts';
import {
  type Artifact,
  acceptedSchema,
  agentsSchema,
  apiTokenSchema,
  artifactsSchema,
  type CronSettings,
  claimTokenSchema,
  createdTokenSchema,
  cronViewSchema,
  hookSchema,
  integritySchema,
  type JobEvent,
  type JobState,
  jobAnswerSchema,
  jobEventSchema,
  jobPageSchema,
  type LogText,
  logTextSchema,
  meSchema,
  type NewToken,
  pageCodeSchema,
  pipelineSchema,
  poolsSchema,
  queueSchema,
  type Repository,
  type RepositoryPatch,
  type RepositorySecret,
  reconciledSchema,
  repositorySchema,
  repositorySecretSchema,
  settledSchema,
  statusesSchema,
  type Trigger,
} from '../job/index.ts';
import { readEvents } from './sse.ts';
import { type Call, createTransport, type TransportOptions } from './transport.ts';

export interface JobQuery {
  repository?: string;
  branch?: string;
  author?: string;
  /** In one of these. */
  state?: JobState | readonly JobState[];
  pool?: string;
  /** Part of a name or a subject, or the beginning of an id or a commit. */
  search?: string;
  limit?: number;
  cursor?: string;
}

export interface AuditQuery {
  before?: number;
  after?: number;
  limit?: number;
}

export type EventMessage = { id: string; event: JobEvent } | { reset: true };
export type LogMessage = { id: string; chunk: LogText } | { end: true };

export type ApiClient = ReturnType<typeof createApiClient>;

/**
 * The api as people's programs see it. Methods reject with ApiError (it said no) or UnreachableError
 * (it said nothing).
 */
export function createApiClient(options: TransportOptions) {
  const transport = createTransport(options);
  const v1 = '/api/v1';
  const job = (id: string) => `${v1}/jobs/${encodeURIComponent(id)}`;
  const pipeline = (id: string) => `${v1}/pipelines/${encodeURIComponent(id)}`;
  const repository = (id: string) => `${v1}/repositories/${id.split('/').map(encodeURIComponent).join('/')}`;
  const secret = (id: string, name: string) => `${repository(id)}/secrets/${encodeURIComponent(name)}`;
  const cron = (id: string, name: string) => `${repository(id)}/crons/${encodeURIComponent(name)}`;
  const nothing = z.undefined();

  return {
    jobs: (query: JobQuery = {}) => transport.call(`${v1}/jobs${toQuery(query)}`, jobPageSchema),
    job: (id: string) => transport.call(job(id), jobAnswerSchema),
    cancel: (id: string) => transport.call(`${job(id)}/cancel`, jobAnswerSchema, { method: 'POST' }),
    /** The same `key` again is the same asking: it answers `dup`. */
    retry: (id: string, key: string) =>
      transport.call(`${job(id)}/retry`, acceptedSchema, {
        method: 'POST',
        headers: { 'idempotency-key': key },
      }),
    /** Once for each pipeline: the same again answers `dup`. */
    retryPipeline: (id: string) =>
      transport.call(`${pipeline(id)}/retry`, acceptedSchema, { method: 'POST' }),
    approve: (id: string, sha: string) =>
      transport.call(`${pipeline(id)}/approve`, settledSchema, { method: 'POST', body: { sha } }),
    skip: (id: string, sha: string) =>
      transport.call(`${pipeline(id)}/skip`, settledSchema, { method: 'POST', body: { sha } }),
    deadLetters: (query: Pick<JobQuery, 'limit' | 'cursor'> = {}) =>
      transport.call(`${v1}/dead-letters${toQuery(query)}`, jobPageSchema),
    auditQueue: () => transport.call(`${v1}/queue/audit`, integritySchema),
    repairQueue: () => transport.call(`${v1}/queue/repair`, integritySchema, { method: 'POST' }),
    requeue: (id: string) => transport.call(`${job(id)}/requeue`, jobAnswerSchema, { method: 'POST' }),
    trigger: (body: Trigger, key: string) =>
      transport.call(`${v1}/jobs`, acceptedSchema, {
        method: 'POST',
        body,
        headers: { 'idempotency-key': key },
      }),
    /** The exact bytes of the log so far, from a byte on. */
    logBytes: (id: string, from = 0) => transport.open(`${job(id)}/log?from=${from}`),

    artifacts: (id: string) => transport.call(`${job(id)}/artifacts`, artifactsSchema),
    /** Its bytes from `from` on: 206, or 200 with all of them where it is another file by now. */
    artifactBytes: (id: string, { path, sha256 }: Pick<Artifact, 'path' | 'sha256'>, from = 0) =>
      transport.open(`${job(id)}/artifacts/file${toQuery({ path })}`, {
        headers: from === 0 ? {} : { range: `bytes=${from}-`, 'if-range': `"${sha256}"` },
      }),

    agents: () => transport.call(`${v1}/agents`, agentsSchema),
    pools: () => transport.call(`${v1}/pools`, poolsSchema),
    queue: (query: { pool?: string; limit?: number } = {}) =>
      transport.call(`${v1}/queue${toQuery(query)}`, queueSchema),
    pipeline: (id: string) => transport.call(`${v1}/pipelines/${encodeURIComponent(id)}`, pipelineSchema),

    repositories: () =>
      transport.call(`${v1}/repositories`, z.object({ repositories: z.array(repositorySchema) })),
    repository: (id: string) => transport.call(repository(id), repositorySchema),
    putRepository: (body: Repository) =>
      transport.call(repository(body.id), repositorySchema, { method: 'PUT', body }),
    patchRepository: (id: string, body: RepositoryPatch) =>
      transport.call(repository(id), repositorySchema, { method: 'PATCH', body }),
    removeRepository: (id: string) => transport.call(repository(id), nothing, { method: 'DELETE' }),
    /** Makes or renews the repository's own hook; the secret is shown this once. */
    renewHook: (id: string) => transport.call(`${repository(id)}/hook`, hookSchema, { method: 'POST' }),

    crons: (id: string) =>
      transport.call(`${repository(id)}/crons`, z.object({ crons: z.array(cronViewSchema) })),
    putCron: (id: string, name: string, body: CronSettings) =>
      transport.call(cron(id, name), cronViewSchema, { method: 'PUT', body }),
    removeCron: (id: string, name: string) => transport.call(cron(id, name), nothing, { method: 'DELETE' }),

    /** Newest first before a record's number, or oldest first after one. */
    audit: (query: AuditQuery = {}) => transport.call(`${v1}/audit${toQuery(query)}`, auditPageSchema),
    secrets: (id: string) =>
      transport.call(`${repository(id)}/secrets`, z.object({ secrets: z.array(repositorySecretSchema) })),
    /** Events and branches: as before; at first all but pull requests, and all refs. */
    putSecret: (
      id: string,
      name: string,
      value: Uint8Array,
      { events, branches }: Partial<Pick<RepositorySecret, 'events' | 'branches'>> = {},
    ) =>
      transport.call(
        secret(id, name) + toQuery({ events: events?.join(), branches: branches?.join() }),
        repositorySecretSchema,
        {
          method: 'PUT',
          bytes: value,
        },
      ),
    removeSecret: (id: string, name: string) =>
      transport.call(secret(id, name), nothing, { method: 'DELETE' }),

    statuses: () => transport.call(`${v1}/statuses`, statusesSchema),
    me: () => transport.call(`${v1}/me`, meSchema),
    tokens: () => transport.call(`${v1}/tokens`, z.object({ tokens: z.array(apiTokenSchema) })),
    /** The token is shown this once. */
    createToken: (body: NewToken) =>
      transport.call(`${v1}/tokens`, createdTokenSchema, { method: 'POST', body }),
    revokeToken: (name: string) =>
      transport.call(`${v1}/tokens/${encodeURIComponent(name)}`, nothing, { method: 'DELETE' }),

    reconcile: (repositoryId?: string) =>
      transport.call(`${v1}/reconcile`, reconciledSchema, {
        method: 'POST',
        body: repositoryId === undefined ? {} : { repository: repositoryId },
      }),
    pageCode: (path: string) =>
      transport.call(`${v1}/page-codes`, pageCodeSchema, { method: 'POST', body: { path } }),
    claimToken: (pool: string) =>
      transport.call(`${v1}/claim-tokens`, claimTokenSchema, { method: 'POST', body: { pool } }),
    agentLost: (agent: string, reason: string) =>
      transport.call(`${v1}/agents/${encodeURIComponent(agent)}/lost`, nothing, {
        method: 'POST',
        body: { reason },
      }),

    /** One connection's worth of events after `from`; reconnecting is the caller's. */
    async *events(from: string, signal: AbortSignal, onHeard?: () => void): AsyncGenerator<EventMessage> {
      const call: Call = { signal, headers: { 'last-event-id': from } };
      for await (const message of readEvents(transport, `${v1}/events`, call, onHeard)) {
        if (message.event === 'reset') yield { reset: true };
        else yield { id: message.id ?? '', event: jobEventSchema.parse(JSON.parse(message.data)) };
      }
    },
    /** One connection's worth of a live log after `from` (`<fence>-<n>`), or from its beginning. */
    async *log(id: string, from: string | undefined, signal: AbortSignal): AsyncGenerator<LogMessage> {
      const call: Call = { signal, headers: from === undefined ? {} : { 'last-event-id': from } };
      for await (const message of readEvents(transport, `${job(id)}/log/stream`, call)) {
        if (message.event === 'end') yield { end: true };
        else yield { id: message.id ?? '', chunk: logTextSchema.parse(JSON.parse(message.data)) };
      }
    },
    close: () => transport.close(),
  };
}

function toQuery(query: object): string {
  const given = new URLSearchParams();
  for (const [key, value] of Object.entries(query))
    for (const each of Array.isArray(value) ? value : [value])
      if (each !== undefined) given.append(key, String(each));
  return given.size === 0 ? '' : `?${given}`;
}
