import { writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Transport } from '../core/client/index.ts';
import type { Log } from '../core/log/index.ts';
import type { AgentConfig } from './config.ts';
import { createEnding } from './ending.ts';
import { isRefused, keepAlive } from './heartbeat.ts';
import { claim, createJobLink } from './job-link.ts';
import { untilAnswered } from './patience.ts';
import { createReporter } from './reporter.ts';

export interface AgentDeps {
  config: AgentConfig;
  transport: Transport;
  /** The claim token; undefined when there is nothing to claim after all. */
  token: Promise<string | undefined>;
  /** Where commands are found. */
  path: string;
  /** Our own; steps get of it what toolchains are found by. */
  env: Readonly<Record<string, string | undefined>>;
  /** `linux/arm64` */
  platform: string;
  openLog(): Promise<Log>;
  /** Aborts when the agent is asked to stop. */
  stop: AbortSignal;
  /** From TERM to KILL. @default 5000 */
  graceMs?: number;
}

/** What an agent's exit code says to whoever started it. */
export const exitCodes = {
  /** A job was done, whatever its outcome, or none waited. */
  done: 0,
  /** It could not claim, or its outcome could not be told. */
  trouble: 1,
  /** Its job belongs to another. */
  lost: 3,
} as const;

/** The api may be away for as many leases (20 min) before an agent gives up telling it of a build that has ended. */
const patienceLeases = 40;

const withoutWorkflows = {
  outcome: 'error',
  reason: 'the api took no news of the other workflows',
} as const;

/** A credential that was there before us has been read by then. */
const earlyMs = 5;
/** A connection to loopback stands by then, and the request is on its way. */
const sendMs = 2;

/** Takes exactly one job, runs it, and tells how it ended. */
export async function runAgent(deps: AgentDeps): Promise<number> {
  const { config, transport, token, path, env, platform, openLog, stop, graceMs = 5000 } = deps;
  const request = {
    pool: config.BELLOWS_POOL,
    agent: config.BELLOWS_AGENT,
    ...(config.BELLOWS_PREFER === undefined ? {} : { prefer: config.BELLOWS_PREFER }),
  };
  // What a job needs is loaded while the api finds one: 15 ms that nobody waits for. An agent that was
  // started before its job was there has the time for it before.
  const isEarly = await Promise.race([token.then(() => false), delay(earlyMs, true)]);
  if (isEarly) (await import('./run-job.ts')).warmUp();
  const given = await token;
  if (given === undefined) return exitCodes.done;
  const claiming = untilAnswered(() => claim(transport, request, given), { signal: stop });
  // Loading keeps everything else waiting: the request leaves first.
  const { BELLOWS_WORKSPACE: folder, BELLOWS_STEP_UID: uid } = config;
  const loading = delay(sendMs).then(async () => {
    const { prepare, runJob } = await import('./run-job.ts');
    const workspace = prepare(folder, uid);
    return { runJob, workspace, log: await openLog() };
  });
  const [taken, { runJob, workspace, log }] = await Promise.all([claiming, loading]);
  if (taken === undefined) return exitCodes.done;
  const { job, leaseMs, spec } = taken;
  if (config.BELLOWS_CLAIMED_FILE !== undefined) await writeFile(config.BELLOWS_CLAIMED_FILE, job);
  log.info({ job, attempt: taken.attempt }, 'claimed');

  const link = createJobLink(transport, taken);
  const ending = createEnding();
  const onStop = () => ending.end('stopped');
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const limit = setTimeout(() => ending.end('timeout'), Math.min(spec.timeLimitMs, longestTimerMs));

  const over = new AbortController();
  const events = { onCancel: () => ending.end('cancelled'), onLost: () => ending.end('lost') };
  const alive = keepAlive(link, leaseMs, events, over.signal).catch((error: unknown) =>
    log.error({ err: error }, 'no heartbeat is accepted'),
  );
  const impatience = new AbortController();
  const reporter = createReporter({
    link,
    signal: impatience.signal,
    noRoomMs: leaseMs,
    onTrouble: (error) => log.error({ err: error }, 'the api refuses a part of the report'),
  });

  let patience: NodeJS.Timeout | undefined;
  try {
    const outcome = await runJob({
      claim: taken,
      link,
      workspace,
      uid,
      hide: config.BELLOWS_HIDE,
      path,
      env,
      platform,
      graceMs,
      reporter,
      ending,
      log,
    });
    clearTimeout(limit);
    if (ending.cause === 'lost') {
      impatience.abort();
      return lost(log, job);
    }
    patience = setTimeout(() => impatience.abort(), patienceLeases * leaseMs);
    await reporter.drain();
    const told = reporter.missesWorkflows ? withoutWorkflows : outcome;
    const { answer } = await untilAnswered(() => link.complete(told), { signal: impatience.signal });
    log.info({ job, answer, ...told }, 'completed');
    return answer === 'stale' ? exitCodes.lost : exitCodes.done;
  } catch (error) {
    if (isRefused(error)) return lost(log, job);
    log.error({ err: error }, 'the outcome could not be told');
    return exitCodes.trouble;
  } finally {
    clearTimeout(limit);
    clearTimeout(patience);
    stop.removeEventListener('abort', onStop);
    over.abort();
    await alive;
  }
}

/** What setTimeout can hold: 24 days. */
const longestTimerMs = 2 ** 31 - 1;

function lost(log: Log, job: string): number {
  log.warn({ job }, 'the job belongs to another agent');
  return exitCodes.lost;
}
