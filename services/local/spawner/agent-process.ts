import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reaper } from '../../core/execute/index.ts';
import { makeOwnFolder, removeTree } from '../folder.ts';
import { type Child, type Ending, startChild } from '../process/child.ts';
import { endUser } from './step-users.ts';

/** Loading makes more garbage than V8's first young generation holds: 3 ms of collections before the claim. */
const agentFlags = ['--min-semi-space-size=16'];

export interface AgentOptions {
  reaper: Reaper;
  node: string;
  /** The bundled agent. */
  program: string;
  api: string;
  /** Where steps find their tools. */
  path: string;
  tools: Readonly<Record<string, string>>;
  pool: string;
  /** The folder in which each agent gets one of its own. */
  workspaces: string;
  /** Whose that folder is: ours. */
  uid: number;
  /** What steps must not see. */
  hide: string;
  /** Where steps run. */
  engine: string;
  /** Settings of the agent that are the user's, as they gave them. */
  given: Readonly<Record<string, string | undefined>>;
  /** First of the user ids for steps, where we may choose: one for each slot. */
  stepUids?: number | undefined;
  compileCache: string;
  logFile: string;
  logLevel: string;
  collector?: string | undefined;
}

export interface Agent {
  readonly pid: number | undefined;
  readonly ended: Promise<Ending>;
  /** Gives it the one-time credential with which it claims. */
  send(claimToken: string): void;
  /** Tells an agent without a credential that it is not needed; it ends at once. */
  dismiss(): void;
  end(graceMs: number): Promise<Ending>;
}

/**
 * Starts an agent, which gets ready and waits for its credential on its standard input. That pipe then
 * stays open: its end tells the agent that we have gone.
 */
export async function startAgent(options: AgentOptions, name: string, slot: number): Promise<Agent> {
  const uid = options.stepUids === undefined ? undefined : options.stepUids + slot;
  // A cleaner of old things in /tmp may have taken it, in a week without a job.
  await makeOwnFolder(options.workspaces, 0o711, options.uid);
  const workspace = await makeWorkspace(options.workspaces, name, slot);
  const child = start(options, name, workspace, uid);
  child.process.stdin?.on('error', () => undefined); // it has ended, and its exit says so
  const ended = child.ended.then(async (ending) => {
    child.process.stdin?.destroy();
    if (uid !== undefined) await endUser(uid);
    // What a dying step still holds is cleared away by the next start.
    await clear(workspace, workspace === toSlot(options.workspaces, slot)).catch(() => undefined);
    return ending;
  });
  return {
    pid: child.pid,
    ended,
    send: (claimToken) => void child.process.stdin?.write(`${claimToken}\n`),
    dismiss: () => void child.process.stdin?.end(),
    end: async (graceMs) => {
      await child.end(graceMs);
      return ended;
    },
  };
}

const toSlot = (workspaces: string, slot: number): string => join(workspaces, `slot-${slot}`);

/** Where steps of all slots see their job, where the machine allows it. */
const toPlace = (workspaces: string): string => toSlot(workspaces, 0);

/**
 * The same for each agent of a slot, since what compilers make holds where it was made. Where something of the one
 * before is still there, another.
 */
async function makeWorkspace(folder: string, name: string, slot: number): Promise<string> {
  const usual = toSlot(folder, slot);
  for (const path of [toPlace(folder), usual]) await mkdir(path, { recursive: true, mode: 0o700 });
  if ((await readdir(usual)).length === 0) return usual;
  const own = join(folder, name);
  await mkdir(own, { mode: 0o700 });
  return own;
}

/** The folder of a slot stays: that of the first may be what a step of another slot has its own mounted on. */
async function clear(workspace: string, isSlot: boolean): Promise<void> {
  if (!isSlot) return removeTree(workspace);
  for (const name of await readdir(workspace)) await removeTree(join(workspace, name));
}

function start(options: AgentOptions, name: string, workspace: string, uid: number | undefined): Child {
  const log = openSync(options.logFile, 'a', 0o600);
  const place = toPlace(options.workspaces);
  try {
    return startChild(options.reaper, options.node, [...agentFlags, options.program], {
      cwd: workspace,
      stdio: ['pipe', log, log],
      env: {
        ...options.tools,
        ...options.given,
        PATH: options.path,
        NODE_COMPILE_CACHE: options.compileCache,
        BELLOWS_URL: options.api,
        BELLOWS_POOL: options.pool,
        BELLOWS_AGENT: name,
        BELLOWS_WORKSPACE: workspace,
        ...(workspace === place ? {} : { BELLOWS_PLACE: place }),
        BELLOWS_HIDE: options.hide,
        BELLOWS_ENGINE: options.engine,
        BELLOWS_LOG_LEVEL: options.logLevel,
        ...(options.collector === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: options.collector }),
        ...(uid === undefined ? {} : { BELLOWS_STEP_UID: String(uid) }),
      },
    });
  } finally {
    closeSync(log);
  }
}
