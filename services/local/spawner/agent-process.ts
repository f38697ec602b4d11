import { closeSync, openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Reaper } from '../../core/execute/index.ts';
import { makeOwnFolder, removeTree } from '../folder.ts';
import { type Child, type Ending, startChild } from '../process/child.ts';
import { endUser } from './step-users.ts';

export interface AgentOptions {
  reaper: Reaper;
  node: string;
  /** The bundled agent. */
  program: string;
  api: string;
  /** Where steps find their tools. */
  path: string;
  pool: string;
  /** The folder in which each agent gets one of its own. */
  workspaces: string;
  /** Whose that folder is: ours. */
  uid: number;
  /** What steps must not see. */
  hide: string;
  /** First of the user ids for steps, where we may choose: one for each slot. */
  stepUids?: number | undefined;
  compileCache: string;
  logFile: string;
  logLevel: string;
}

export interface Agent {
  readonly pid: number | undefined;
  readonly ended: Promise<Ending>;
  end(graceMs: number): Promise<Ending>;
}

/**
 * Starts an agent; its one-time claim token is asked for meanwhile, and given on its standard input. That
 * pipe then stays open: its end tells the agent that we have gone.
 */
export async function startAgent(
  options: AgentOptions,
  name: string,
  slot: number,
  claimToken: Promise<string>,
): Promise<Agent> {
  claimToken.catch(() => undefined); // awaited below, once there is somebody to give it to
  const uid = options.stepUids === undefined ? undefined : options.stepUids + slot;
  // A cleaner of old things in /tmp may have taken it, in a week without a job.
  await makeOwnFolder(options.workspaces, 0o711, options.uid);
  const workspace = join(options.workspaces, name);
  await mkdir(workspace, { mode: 0o700 });
  const child = start(options, name, workspace, uid);
  child.process.stdin?.on('error', () => undefined); // it has ended, and its exit says so
  const ended = child.ended.then(async (ending) => {
    child.process.stdin?.destroy();
    if (uid !== undefined) await endUser(uid);
    // What a dying step still holds is cleared away by the next start.
    await removeTree(workspace).catch(() => undefined);
    return ending;
  });
  try {
    child.process.stdin?.write(`${await claimToken}\n`);
  } catch (error) {
    await child.end(1000);
    await ended;
    throw error;
  }
  return {
    pid: child.pid,
    ended,
    end: async (graceMs) => {
      await child.end(graceMs);
      return ended;
    },
  };
}

function start(options: AgentOptions, name: string, workspace: string, uid: number | undefined): Child {
  const log = openSync(options.logFile, 'a', 0o600);
  try {
    return startChild(options.reaper, options.node, [options.program], {
      cwd: workspace,
      stdio: ['pipe', log, log],
      env: {
        PATH: options.path,
        NODE_COMPILE_CACHE: options.compileCache,
        BELLOWS_URL: options.api,
        BELLOWS_POOL: options.pool,
        BELLOWS_AGENT: name,
        BELLOWS_WORKSPACE: workspace,
        BELLOWS_HIDE: options.hide,
        BELLOWS_LOG_LEVEL: options.logLevel,
        ...(uid === undefined ? {} : { BELLOWS_STEP_UID: String(uid) }),
      },
    });
  } finally {
    closeSync(log);
  }
}
