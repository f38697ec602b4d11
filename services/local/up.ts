import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyToken } from '../core/access/index.ts';
import { auditHeadsName } from '../core/audit/index.ts';
import { type Address, type ApiClient, createApiClient, createTransport } from '../core/client/index.ts';
import { createReaper, findClosedFolders, probeIsolation } from '../core/execute/index.ts';
import { createStack, type Stoppable } from '../core/runtime/index.ts';
import { openApiServer } from './api-server.ts';
import type { LocalConfig } from './config.ts';
import { writeCredentialHelper } from './credential.ts';
import { type Folder, makeFolder, removeTree } from './folder.ts';
import { createDelivery } from './git-remote/delivery.ts';
import { createGate } from './git-remote/gate.ts';
import { writeGitHome } from './git-remote/hooks.ts';
import { createBareRepositories } from './git-remote/repositories.ts';
import { openGitRemote } from './git-remote/server.ts';
import { holdFolder, isAnswered } from './lock.ts';
import type { UpOptions } from './options.ts';
import { openRedisServer } from './redis/server.ts';
import { openSecrets, writeOwnFile } from './secrets.ts';
import { startAgent } from './spawner/agent-process.ts';
import { openSpawner } from './spawner/spawner.ts';
import { requireNobody, toFirstStepUid } from './spawner/step-users.ts';

export interface UpDeps {
  options: UpOptions;
  config: LocalConfig;
  folder: Folder;
  /** This process: its Node, and the user that it runs as. */
  node: string;
  uid: number;
  /** Where git, Redis and the tools of steps are looked for. */
  path: string;
  /** By which the toolchains of steps are found. */
  tools: Readonly<Record<string, string>>;
  /** Something that a person wants to know, one line. */
  say(line: string): void;
}

export interface Up extends Stoppable {
  client: ApiClient;
  gitOrigin: string;
  /** The credential helper. */
  helper: string;
  /** True when no repository has been pushed here yet. */
  isNew: boolean;
}

const pool = 'default';
const timeLimitMs = 60 * 60_000;

/** Starts the single-machine edition; what was started is stopped again where a later part cannot start. */
export async function openUp(deps: UpDeps): Promise<Up> {
  const stack = createStack();
  try {
    return { ...(await open(deps, stack.add)), stop: stack.stop };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

async function open(deps: UpDeps, onStop: ReturnType<typeof createStack>['add']): Promise<Omit<Up, 'stop'>> {
  const { options, config, folder, node, uid, path, tools, say } = deps;
  const apiOrigin = `http://127.0.0.1:${options.port}`;
  const gitOrigin = `http://127.0.0.1:${options.gitPort}`;

  await makeFolder(folder, uid);
  const letGo = await holdFolder(join(folder.run, 'up.sock'), folder.data);
  onStop('folder', async () => {
    await letGo();
    // What stands outside of the data is of no use to the next start.
    for (const path of [folder.workspaces, folder.run])
      if (!path.startsWith(`${folder.data}/`)) await removeTree(path);
  });
  await requireFree(options.port, '--port');
  await requireFree(options.gitPort, '--git-port');
  const secrets = await openSecrets(folder.secrets);
  await clearWorkspaces(folder.workspaces);

  const reaper = createReaper();
  onStop('reaper', reaper.stop);
  const onLoss = (name: string) => (text: string, delayMs: number) =>
    say(`${name} ended (${text}); starting it again in ${delayMs} ms`);

  const redis = await openRedisServer({
    reaper,
    program: config.BELLOWS_REDIS_SERVER,
    path,
    folder: folder.redis,
    run: folder.run,
    logFile: join(folder.log, 'redis.log'),
    apiPassword: secrets['redis-password'],
    onLoss: onLoss('Redis'),
  });
  onStop('redis', redis.stop);

  const client = createApiClient({ url: apiOrigin, token: secrets['launcher-token'] });
  onStop('client', client.close);
  const api = await openApiServer({
    reaper,
    node,
    program: join(config.BELLOWS_PROGRAMS, 'api.mjs'),
    port: options.port,
    gitOrigin,
    redisUrl: redis.url,
    secretsFolder: folder.secrets,
    storeFolder: folder.store,
    cacheGib: config.BELLOWS_CACHE_GIB,
    pool,
    logFile: join(folder.log, 'api.log'),
    auditHeadsFile: join(folder.data, auditHeadsName),
    logLevel: config.BELLOWS_LOG_LEVEL,
    collector: config.OTEL_EXPORTER_OTLP_ENDPOINT,
    given: {
      BELLOWS_GITEA_ORIGIN: config.BELLOWS_GITEA_ORIGIN,
      BELLOWS_GITHUB_ORIGIN: config.BELLOWS_GITHUB_ORIGIN,
      BELLOWS_GITHUB_APP: config.BELLOWS_GITHUB_APP,
    },
    leaseMs: config.BELLOWS_LEASE_MS,
    client,
    onLoss: onLoss('The api'),
  });
  onStop('api', api.stop);

  const env = await writeGitHome(folder.git, path);
  const repositories = createBareRepositories(join(folder.git, 'repositories'), env);
  await mkdir(join(folder.git, 'repositories'), { recursive: true, mode: 0o700 });
  const transport = createTransport({ url: apiOrigin });
  onStop('transport', transport.close);
  const delivery = createDelivery({
    transport,
    client,
    repositories,
    secret: secrets['webhook-local'],
    origin: gitOrigin,
    pool,
    timeLimitMs,
    beforeDelivery: createCrash(config, () => api.kill('SIGKILL')),
  });
  // Only root may choose as whom steps run.
  const stepUids = uid === 0 ? (config.BELLOWS_STEP_UIDS ?? toFirstStepUid(folder.data)) : undefined;
  if (stepUids !== undefined)
    await requireNobody(Array.from({ length: options.agents }, (_, slot) => stepUids + slot));
  const isolation = await probeIsolation({ uid: stepUids, hide: folder.data });
  const closed = isolation.kind === 'uid' ? findClosedFolders(path) : [];
  if (closed.length > 0)
    say(
      `Steps run as user ${isolation.kind === 'uid' ? isolation.uid : ''} and find no tool in ${closed.join(', ')}.`,
    );
  if (isolation.kind === 'none')
    say(`Steps are not kept apart from this data: ${isolation.reason}. Push only what you trust.`);
  const spawner = openSpawner({
    client,
    pool,
    cap: options.agents,
    start: (name, slot) =>
      startAgent(
        {
          reaper,
          node,
          program: join(config.BELLOWS_PROGRAMS, 'agent.cjs'),
          api: apiOrigin,
          path,
          tools,
          pool,
          workspaces: folder.workspaces,
          uid,
          hide: folder.data,
          engine: config.BELLOWS_ENGINE,
          given: {
            BELLOWS_STEP_MEMORY_MIB: config.BELLOWS_STEP_MEMORY_MIB,
            BELLOWS_STEP_PIDS: config.BELLOWS_STEP_PIDS,
            BELLOWS_PLUGINS: config.BELLOWS_PLUGINS,
          },
          stepUids,
          compileCache: join(folder.data, 'compile-cache'),
          logFile: join(folder.log, 'agents.log'),
          logLevel: config.BELLOWS_LOG_LEVEL,
          collector: config.OTEL_EXPORTER_OTLP_ENDPOINT,
        },
        name,
        slot,
      ),
    onError: (error) =>
      say(`no agent could be started: ${error instanceof Error ? error.message : String(error)}`),
  });
  onStop('spawner', spawner.stop);

  const gate = createGate({ repair: delivery.repair });
  const remote = await openGitRemote({
    port: options.gitPort,
    reaper,
    repositories,
    env,
    gate,
    delivery,
    onPush: spawner.expect,
    secrets: {
      pushPassword: secrets['push-password'],
      isCloneToken: (token, audience) =>
        verifyToken(token, secrets['clone-key'], { purpose: 'clone', audience }),
    },
    onError: (error) => say(`git remote: ${error instanceof Error ? error.message : String(error)}`),
  });
  onStop('git remote', remote.stop);
  onStop('gate', gate.stop);

  const address: Address = { api: apiOrigin, git: gitOrigin, token: secrets['admin-token'] };
  await writeOwnFile(folder.clientFile, `${JSON.stringify(address)}\n`);
  onStop('address', () => rm(folder.clientFile, { force: true }));
  const helper = await writeCredentialHelper(folder.data, join(folder.secrets, 'push-password'));
  return { client, gitOrigin, helper, isNew: (await repositories.list()).length === 0 };
}

async function requireFree(port: number, option: string): Promise<void> {
  if (await isAnswered(port))
    throw new Error(
      `Port ${port} is taken by another program; choose another one: ./bellows up ${option} ${port + 1000}`,
    );
}

/** What a start before this one had to leave. */
async function clearWorkspaces(folder: string): Promise<void> {
  await removeTree(folder);
  await mkdir(folder, { mode: 0o711 });
}

/** See `BELLOWS_CRASH`. */
function createCrash(config: LocalConfig, crash: () => void): (repository: string) => void {
  let armed = config.BELLOWS_CRASH;
  return (repository) => {
    if (armed?.repository !== repository) return;
    armed = undefined;
    crash();
  };
}
