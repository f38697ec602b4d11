import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { type AgentDeps, runAgent } from '../../services/agent/agent.ts';
import { createLateLog } from '../../services/agent/late-log.ts';
import type { JobCaches } from '../../services/api/job-caches.ts';
import { createTransport } from '../../services/core/client/index.ts';
import type { Job, JobSpec } from '../../services/core/job/index.ts';
import { createLog } from '../../services/core/log/index.ts';
import type { Store } from '../../services/core/store/index.ts';
import { openTestApi, publicUrl, readStream } from './api.ts';
import { openGitHttp } from './git-http.ts';
import { toNewJob, toRequest, toSpec } from './job.ts';

/** Does something else with a request than the api would; true where it has answered. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** The real api on a real port, a real forge, and agents to run against them. */
export async function openAgentBench({
  leaseMs = 30_000,
  password,
  lfs,
  ...given
}: {
  leaseMs?: number;
  /** Only who knows it may read the forge, as the api does. */
  password?: string;
  /** What the forge has in Git LFS, by its sha256. */
  lfs?: ReadonlyMap<string, Buffer>;
  store?: Store;
  caches?: JobCaches | undefined;
} = {}) {
  const forge = await openGitHttp({
    ...(password === undefined ? {} : { password }),
    ...(lfs === undefined ? {} : { lfs }),
  });
  let fault: Fault | undefined;
  let listener: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  const server = createServer((request, response) => {
    if (fault?.(request, response) !== true) listener?.(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = await openTestApi({
    origins: { gitea: forge.origin },
    hosts: [host, new URL(publicUrl).host],
    leaseMs,
    forges: { gitea: password },
    ...given,
  });
  listener = getRequestListener(api.app.fetch);
  const folders: string[] = [];
  let agents = 0;

  return {
    api,
    url: `http://${host}`,
    forge,
    /** From now on, until it is set to undefined. */
    setFault: (given: Fault | undefined) => {
      fault = given;
    },
    /** A job of `gitea/a/b` at a commit of these files. */
    enqueue: async (files: Record<string, string>, spec: Partial<JobSpec> = {}): Promise<string> => {
      // A push's subject is what its commit says.
      const { subject: message = 'A change' } = spec;
      const sha = await forge.commit('a/b', files, { message });
      const job = toNewJob({ spec: toSpec({ repository: 'gitea/a/b', sha, ...spec }) });
      const { jobs } = (await api.queue.enqueue(toRequest([job]))) as { jobs: string[] };
      return jobs[0] ?? '';
    },
    /** One agent's whole life; resolves to its exit code. */
    agent: async (
      given: Partial<AgentDeps> = {},
      settings: Partial<AgentDeps['config']> = {},
    ): Promise<number> => {
      const folder = await mkdtemp(join(tmpdir(), 'bellows-test-agent-'));
      folders.push(folder);
      agents += 1;
      const transport = createTransport({ url: `http://${host}` });
      try {
        return await runAgent({
          config: {
            BELLOWS_URL: `http://${host}`,
            BELLOWS_POOL: 'default',
            BELLOWS_AGENT: `agent-${agents}`,
            BELLOWS_WORKSPACE: folder,
            BELLOWS_LOG_LEVEL: 'error',
            BELLOWS_ENGINE: 'process',
            ...settings,
          },
          transport,
          token: Promise.resolve(await api.deps.claimTokens.issue('default')),
          path: process.env.PATH ?? '',
          env: {},
          platform: 'linux/amd64',
          log: createLateLog(async () => createLog('agent', 'silent')),
          stop: new AbortController().signal,
          graceMs: 300,
          ...given,
        });
      } finally {
        transport.close();
      }
    },
    job: async (id: string): Promise<Job> => {
      const { job } = (await (await api.admin(`/api/v1/jobs/${id}`)).json()) as { job: Job };
      return job;
    },
    /** Resolves when the job's log holds this. */
    untilLogged: async (id: string, wanted: string): Promise<void> => {
      const abort = new AbortController();
      const response = await api.admin(`/api/v1/jobs/${id}/log/stream`, { signal: abort.signal });
      let text = '';
      for await (const { data } of readStream(response)) {
        text += data?.text ?? '';
        if (text.includes(wanted)) break;
      }
      abort.abort();
    },
    /** The bytes of a job's log so far. */
    log: async (id: string): Promise<string> => (await api.admin(`/api/v1/jobs/${id}/log`)).text(),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await api.close();
      await forge.close();
      await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    },
  };
}

export type AgentBench = Awaited<ReturnType<typeof openAgentBench>>;
