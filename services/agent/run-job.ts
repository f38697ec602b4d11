import {
  CheckoutError,
  CommitGoneError,
  checkout,
  createProcessEngine,
  createWorkspace,
  type Isolation,
  loadPlan,
  type RunEnd,
  runPipeline,
} from '../core/execute/index.ts';
import type { Claim, Outcome } from '../core/job/index.ts';
import { cloneStep, explainDetection, PipelineError, toCiVariables } from '../core/pipeline/index.ts';
import type { Cause, Ending } from './ending.ts';
import type { Reporter } from './reporter.ts';

export interface JobSetting {
  claim: Claim;
  /** An empty folder. */
  folder: string;
  isolation: Promise<Isolation>;
  /** Of the user that steps run as, where we may choose. */
  uid: number | undefined;
  /** Where commands are found. */
  path: string;
  /** `linux/arm64` */
  platform: string;
  /** From TERM to KILL. */
  graceMs: number;
  reporter: Reporter;
  ending: Ending;
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

async function run({
  claim,
  folder,
  uid,
  path,
  platform,
  graceMs,
  isolation,
  reporter,
  ending,
}: JobSetting): Promise<RunEnd> {
  const { spec, clone } = claim;
  const { signal } = ending;
  const workspace = await createWorkspace(folder, uid);

  await reporter.step({ name: cloneStep, state: 'running' });
  try {
    await checkout({ target: clone, ref: spec.ref, sha: spec.sha, workspace, path, uid, signal });
  } catch (error) {
    await reporter.step({ name: cloneStep, state: signal.aborted ? 'cancelled' : 'failure' });
    throw error;
  }
  await reporter.step({ name: cloneStep, state: 'success' });

  const variables = toCiVariables(spec, {
    startedAt: Math.floor(Date.now() / 1000),
    platform,
    cloneUrl: clone.url,
    workspace: workspace.tree,
    attempt: claim.attempt,
    fence: claim.fence,
    job: claim.job,
    page: claim.page,
  });
  const { workflow } = spec;
  const { plan, others } = await loadPlan(workspace.tree, { workflow, variables });
  if (workflow === undefined && others.length > 0) reporter.workflows(others);
  if (plan.detected) await reporter.write(cloneStep, Buffer.from(explainDetection(plan)));

  const engine = createProcessEngine({ workspace, isolation, path, graceMs });
  try {
    return await runPipeline({
      plan,
      situation: { event: spec.event, branch: spec.branch },
      engine,
      variables: { ...variables, CI_WORKFLOW_NAME: plan.workflow },
      sink: reporter,
      signal,
    });
  } finally {
    await engine.close();
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
