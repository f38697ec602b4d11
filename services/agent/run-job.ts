import {
  CheckoutError,
  CommitGoneError,
  checkout,
  createProcessEngine,
  createWorkspace,
  type Engine,
  loadPlan,
  probeIsolation,
  type RunEnd,
  runPipeline,
  toToolVariables,
  type Workspace,
} from '../core/execute/index.ts';
import type { Claim, Outcome } from '../core/job/index.ts';
import type { Log } from '../core/log/index.ts';
import {
  cloneStep,
  explainDetection,
  PipelineError,
  parsePipeline,
  toCiVariables,
} from '../core/pipeline/index.ts';
import type { Cause, Ending } from './ending.ts';
import type { JobLink } from './job-link.ts';
import type { Reporter } from './reporter.ts';

export interface JobSetting {
  claim: Claim;
  link: Pick<JobLink, 'secrets'>;
  /** Of `prepare`. */
  workspace: Promise<Workspace>;
  /** Of the user that steps run as, where we may choose. */
  uid: number | undefined;
  /** A folder that steps must not see. */
  hide: string | undefined;
  /** Where commands are found. */
  path: string;
  /** Our own; steps get of it what toolchains are found by. */
  env: Readonly<Record<string, string | undefined>>;
  /** `linux/arm64` */
  platform: string;
  /** From TERM to KILL. */
  graceMs: number;
  reporter: Reporter;
  ending: Ending;
  log: Log;
}

/** What can be done before the job is known. */
export function prepare(folder: string, uid: number | undefined): Promise<Workspace> {
  const workspace = createWorkspace(folder, uid);
  workspace.catch(() => undefined); // the job hears of it, if there is one
  return workspace;
}

/**
 * Fetches, plans and runs one job. Never rejects: what the author's files and commands did is a failure,
 * all other trouble an error, which is worth another attempt.
 */
export async function runJob(setting: JobSetting): Promise<Outcome> {
  const { claim, ending, reporter } = setting;
  try {
    return toOutcome(await run(setting), ending, claim);
  } catch (error) {
    if (ending.cause !== undefined) return toEarlyOutcome(ending.cause, claim);
    const reason = toLine(error);
    const isAuthors = error instanceof PipelineError || error instanceof CommitGoneError;
    if (isAuthors || error instanceof CheckoutError)
      await reporter.write(cloneStep, Buffer.from(`${reason}\n`));
    return { outcome: isAuthors ? 'failure' : 'error', reason };
  }
}

async function run(setting: JobSetting): Promise<RunEnd> {
  const { uid, hide, path, graceMs, log } = setting;
  const tools = toToolVariables(setting.env);
  const workspace = await setting.workspace;
  const isolation = probeIsolation({ uid, hide });
  // Made ready while git is on its way.
  const engine = createProcessEngine({ workspace, isolation, path, tools, graceMs });
  try {
    void isolation.then(({ kind, reason }) => log.info({ kind, reason }, 'isolation'));
    await fetch(setting, workspace);
    return await runSteps(setting, workspace, engine);
  } finally {
    await engine.close();
  }
}

async function fetch(
  { claim, uid, path, reporter, ending }: JobSetting,
  workspace: Workspace,
): Promise<void> {
  const { signal } = ending;
  const { clone: target, spec } = claim;
  await reporter.step({ name: cloneStep, state: 'running' });
  try {
    const { ref, sha } = spec;
    await checkout({ target, ref, sha, workspace, path, uid, signal, meanwhile: warmUp });
  } catch (error) {
    await reporter.step({ name: cloneStep, state: signal.aborted ? 'cancelled' : 'failure' });
    throw error;
  }
  await reporter.step({ name: cloneStep, state: 'success' });
}

/** The first parse compiles the parser: 6 ms while git is busy, in place of 6 ms after it. */
export function warmUp(): void {
  parsePipeline('steps: [{ commands: "true" }]', 'warm-up');
}

async function runSteps(
  { claim, link, platform, reporter, ending }: JobSetting,
  { tree }: Workspace,
  engine: Engine,
): Promise<RunEnd> {
  const { spec, clone, attempt, fence, job, page } = claim;
  const startedAt = Math.floor(Date.now() / 1000);
  const context = { startedAt, platform, cloneUrl: clone.url, workspace: tree, attempt, fence, job, page };
  const variables = toCiVariables(spec, context);
  const { workflow, expanded } = spec;
  const { plan, others } = await loadPlan(tree, { workflow, variables });
  if (workflow === undefined && expanded !== true && others.length > 0) reporter.workflows(others);
  if (plan.detected) await reporter.write(cloneStep, Buffer.from(explainDetection(plan)));
  const situation = { event: spec.event, branch: spec.branch };
  const { signal } = ending;
  const run = {
    plan,
    situation,
    engine,
    signal,
    variables: { ...variables, CI_WORKFLOW_NAME: plan.workflow },
  };
  if (plan.steps.every(({ secrets }) => secrets === undefined))
    return runPipeline({ ...run, sink: reporter });
  // Loaded by the jobs that need it: no other waits for it.
  const { maskSink, takeSecrets } = await import('./secrets.ts');
  const secrets = await takeSecrets(plan, situation, link, signal);
  const sink = maskSink(secrets, reporter);
  try {
    return sink.maskEnd(await runPipeline({ ...run, sink, secrets }));
  } finally {
    await sink.close();
  }
}

function toOutcome(end: RunEnd, { cause }: Ending, claim: Claim): Outcome {
  return end.outcome === 'aborted' ? toEarlyOutcome(cause ?? 'stopped', claim) : end;
}

function toEarlyOutcome(cause: Cause, { spec }: Claim): Outcome {
  switch (cause) {
    case 'cancelled':
      return { outcome: 'cancelled' };
    case 'timeout':
      return { outcome: 'timeout', reason: `it ran longer than its limit of ${spec.timeLimitMs / 1000} s` };
    default:
      return { outcome: 'error', reason: 'its agent was asked to stop' };
  }
}

const toLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 2000);
