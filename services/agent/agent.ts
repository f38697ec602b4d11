import { writeFile } from 'node:fs/promises';
import type { Transport } from '../core/client/index.ts';
import {
  type Completion,
  claimSchema,
  type JobResult,
  type Outcome,
  toFittingResult,
} from '../core/job/index.ts';
import { createArtifactSender } from './artifact-sender.ts';
import { toCloneTarget } from './clone-target.ts';
import type { AgentConfig } from './config.ts';
import { createEnding, limitTime } from './ending.ts';
import { createFence, fenceAt } from './fence.ts';
import { isRefused, keepAlive } from './heartbeat.ts';
import { claim, createJobLink } from './job-link.ts';
import type { JobSetting } from './job-setting.ts';
import type { LateLog } from './late-log.ts';
import { untilAnswered } from './patience.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { runJob } from './run-job.ts';
import { openTracing } from './tracing.ts';

export interface AgentDeps {
  config: AgentConfig;
  transport: Transport;
  /** The claim token; undefined when there is nothing to claim after all. */
  token: Promise<string | undefined>;
  /** A claim that was asked for before all this was loaded; anything else is as if nobody had asked. */
  firstAnswer?: Promise<unknown>;
  /** Where commands are found. */
  path: string;
  /** Our own; steps get of it what toolchains are found by. */
  env: Readonly<Record<string, string | undefined>>;
  /** `linux/arm64` */
  platform: string;
  log: LateLog;
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

/** Takes exactly one job, runs it, and tells how it ended. */
export async function runAgent(deps: AgentDeps): Promise<number> {
  const { config, transport, token, firstAnswer, path, env, platform, log, stop, graceMs = 5000 } = deps;
  const request = {
    pool: config.BELLOWS_POOL,
    agent: config.BELLOWS_AGENT,
    ...(config.BELLOWS_PREFER === undefined ? {} : { prefer: config.BELLOWS_PREFER }),
  };
  const given = await token;
  if (given === undefined) return exitCodes.done;
  const first = claimSchema.safeParse(await firstAnswer);
  const taken = first.success
    ? first.data
    : await untilAnswered(() => claim(transport, request, given), { signal: stop });
  if (taken === undefined) return exitCodes.done;
  const { job, leaseMs, spec } = taken;
  if (config.BELLOWS_CLAIMED_FILE !== undefined) await writeFile(config.BELLOWS_CLAIMED_FILE, job);
  log.info({ job, attempt: taken.attempt }, 'claimed');

  const link = createJobLink(transport, taken);
  const ending = createEnding();
  const onStop = () => ending.end('stopped');
  stop.addEventListener('abort', onStop, { once: true });
  if (stop.aborted) onStop();
  const limit = limitTime(ending, spec.timeLimitMs);
  const claimedAt = performance.now();

  const over = new AbortController();
  const fence = createFence(leaseMs, () => ending.end('silent'));
  const events = {
    onHeard: fence.heard,
    onCancel: () => ending.end('cancelled'),
    onLost: () => ending.end('lost'),
  };
  const alive = keepAlive(link, leaseMs, events, over.signal).catch((error: unknown) =>
    log.error({ err: error }, 'no heartbeat is accepted'),
  );
  const impatience = new AbortController();
  const tracing = await openTracing(config.OTEL_EXPORTER_OTLP_ENDPOINT, taken);
  const told = createReporter({
    link,
    signal: impatience.signal,
    noRoomMs: leaseMs,
    onTrouble: (error) => log.error({ err: error }, 'the api refuses a part of the report'),
  });

  const reporter = tracing?.trace(told) ?? told;

  let patience: NodeJS.Timeout | undefined;
  let outcome: Completion | undefined;
  const measured: JobResult = {};
  const afterwards: JobSetting['afterwards'] = [];
  let isTold = false;
  try {
    outcome = await runJob({
      claim: taken,
      target: toCloneTarget(taken, config.BELLOWS_URL),
      claimedAt,
      transport,
      askSecrets: (names, signal) => untilAnswered(() => link.secrets(names, signal), { signal }),
      artifacts: createArtifactSender(link),
      toStepVariables: tracing?.toStepVariables,
      folder: config.BELLOWS_WORKSPACE,
      place: config.BELLOWS_PLACE,
      uid: config.BELLOWS_STEP_UID,
      hide: config.BELLOWS_HIDE,
      engine: config.BELLOWS_ENGINE,
      containers: toContainers(config),
      path,
      env,
      platform,
      // Who is to end before its lease does has no longer.
      graceMs: Math.min(graceMs, leaseMs * (1 - fenceAt)),
      measured,
      afterwards,
      reporter,
      ending,
      fence,
      log,
    });
    clearTimeout(limit);
    if (ending.cause === 'lost') {
      impatience.abort();
      return lost(log, job);
    }
    patience = setTimeout(() => impatience.abort(), patienceLeases * leaseMs);
    await reporter.drain();
    const end = toEnd(reporter) ?? outcome;
    const completing = tracing?.startComplete();
    const { answer } = await untilAnswered(
      () => link.complete(toSpoken({ ...end, result: toFittingResult(measured) }, taken.protocol)),
      { signal: impatience.signal },
    );
    completing?.end();
    log.info({ job, answer, ...end }, 'completed');
    isTold = answer !== 'stale';
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
    fence.close();
    await alive;
    await tracing?.end(outcome?.outcome);
    if (isTold && (outcome?.outcome === 'success' || outcome?.outcome === 'failure'))
      for (const work of afterwards)
        await work(stop).catch((error: unknown) =>
          log.warn({ err: error }, 'what follows a job was not done'),
        );
  }
}

/** What became of the pipeline's other jobs, where that decides. */
function toEnd({ refusal, missesWorkflows }: Reporter): Outcome | undefined {
  if (refusal !== undefined) return { outcome: 'failure', reason: refusal };
  return missesWorkflows ? withoutWorkflows : undefined;
}

/** What an api of this version takes. */
function toSpoken({ result, endsPipeline, ...outcome }: Completion, protocol = 1): Completion {
  return {
    ...outcome,
    ...(protocol >= 2 && result !== undefined ? { result } : {}),
    ...(protocol >= 4 && endsPipeline === true ? { endsPipeline } : {}),
  };
}

function lost(log: LateLog, job: string): number {
  log.warn({ job }, 'the job belongs to another agent');
  return exitCodes.lost;
}

function toContainers(config: AgentConfig): JobSetting['containers'] {
  return {
    limits: { memoryBytes: toBytes(config.BELLOWS_STEP_MEMORY_MIB), pids: config.BELLOWS_STEP_PIDS },
    plugins: config.BELLOWS_PLUGINS,
  };
}

const toBytes = (mib: number | undefined) => (mib === undefined ? undefined : mib * 1024 * 1024);
