import {
  type Commit,
  type Engine,
  finishCheckout,
  hasLockFile,
  type Isolation,
  isUnfinished,
  loadPlans,
  openEngine,
  type RunEnd,
  readChanges,
  runPipeline,
  toSeen,
  toToolVariables,
  type Workspace,
} from '../core/execute/index.ts';
import { isForeign, type JobSpec, type StepResult } from '../core/job/index.ts';
import { maskSink } from '../core/mask/index.ts';
import {
  asksForChanges,
  cloneStep,
  explainDetection,
  filesVariable,
  PipelineError,
  type Plan,
  type PlannedStep,
  parsePipeline,
  type Situation,
  toCiVariables,
  toFilesVariable,
  toSituation,
  type Variables,
} from '../core/pipeline/index.ts';
import { choosePlan } from './choose-plan.ts';
import { limitTime } from './ending.ts';
import { addReports } from './job-reports.ts';
import type { JobSetting } from './job-setting.ts';
import { createOwnSteps } from './own-steps.ts';
import { takeSecrets } from './secrets.ts';

export interface Steps {
  /** What the tree says is run. A tree that says nothing that can be run is a failure. */
  run(commit: Commit): Promise<RunEnd>;
  close(): Promise<void>;
}

/** What a stranger wrote builds images, and sends none: no login is asked for, which it would not be given. */
function withoutLogins(plan: Plan): Plan {
  const steps = plan.steps.map((step): PlannedStep => {
    const { secrets: _secrets, ...rest } = step;
    return rest.kind === 'image' ? rest : step;
  });
  return { ...plan, steps };
}

/** Nothing is loaded for a job that has none. @returns variables for its steps */
async function restoreCaches(
  setting: JobSetting,
  workspace: Workspace,
  seen: Workspace,
  plan: Plan,
  engine: Engine,
) {
  if (setting.claim.cache === undefined || plan.cache === 'off') return {};
  if (plan.cache === 'auto' && !hasLockFile(workspace.tree)) return {};
  const { openJobCaches } = await import('./job-caches.ts');
  return openJobCaches(setting, workspace, seen, plan, engine);
}

/** What its forge says was changed by the event of a job. */
function readJobChanges({ claim, target, path, uid, ending }: JobSetting, workspace: Workspace) {
  const { spec } = claim;
  const { sha, before, pullRequest, branch, event } = spec;
  if (event !== 'push' && pullRequest === undefined) return undefined;
  const base = pullRequest && branch;
  return readChanges({ target, sha, before, base, workspace, path, uid, signal: ending.signal });
}

function toJobSituation(
  spec: JobSpec,
  variables: Variables,
  changed: readonly string[] | undefined,
): Situation {
  return toSituation(variables, {
    ...(changed === undefined ? {} : { changed }),
    ...(spec.cron === undefined ? {} : { cron: spec.cron }),
  });
}

/** All that can be made ready before the files are there. */
export function openSteps(setting: JobSetting, workspace: Workspace, isolation: Promise<Isolation>): Steps {
  const {
    claim,
    askSecrets,
    toStepVariables,
    env,
    platform,
    path,
    graceMs,
    reporter,
    ending,
    fence,
    measured,
  } = setting;
  const tools = toToolVariables(env);
  const bare = openEngine(setting.engine, {
    ...setting.containers,
    ...{ workspace, isolation, path, env, tools, graceMs },
  });
  const engine: Engine = {
    ...bare,
    // Which one it is shows when it is prepared.
    get name() {
      return bare.name;
    },
    run: fence.guard(bare.run),
  };
  // The first parse compiles the parser: 6 ms while git is busy, in place of 6 ms after it.
  parsePipeline('steps: [{ commands: "true" }]', 'warm-up');

  const load = async (commit: Commit) => {
    const { spec, clone, attempt, fence, job, page, about } = claim;
    const { tree } = workspace;
    const startedAt = Math.floor(Date.now() / 1000);
    const seen = toSeen(workspace, await isolation);
    const context = {
      startedAt,
      platform,
      cloneUrl: clone.url,
      workspace: seen.tree,
      attempt,
      fence,
      job,
      page,
      about,
    };
    const known = toCiVariables(spec, { ...context, commit });
    const workflow = spec.workflow ?? spec.own;
    const asking = { ...known, [filesVariable]: filesVariable };
    const plans = await loadPlans(tree, { workflow, variables: asking });
    const asks = asksForChanges(plans);
    const changed = asks ? await readJobChanges(setting, workspace) : undefined;
    const variables = { ...known, ...(asks ? toFilesVariable(changed ?? []) : {}) };
    const situation = toJobSituation(spec, variables, changed);
    const chosen = await choosePlan(claim, situation, reporter, async (wanted) =>
      asks ? loadPlans(tree, { workflow: wanted, variables }) : plans,
    );
    const plan = chosen !== undefined && isForeign(spec) ? withoutLogins(chosen) : chosen;
    if (plan?.detected === true) await reporter.write(cloneStep, Buffer.from(explainDetection(plan)));
    return { plan, situation, seen, variables: { ...variables, CI_WORKFLOW_NAME: plan?.workflow ?? '' } };
  };

  const finish = async ({ clone }: Plan) => {
    if (!(await isUnfinished(workspace.tree, clone))) return;
    const { ref, sha } = claim.spec;
    await finishCheckout({
      ...{
        clone,
        target: setting.target,
        ref,
        sha,
        workspace,
        path,
        uid: setting.uid,
        signal: ending.signal,
      },
      isForeign: isForeign(claim.spec),
      say: (line) => reporter.write(cloneStep, Buffer.from(`${line}\n`)),
    });
  };

  const run = async (commit: Commit): Promise<RunEnd> => {
    const { plan, variables, seen, ...told } = await load(commit);
    if (plan === undefined) return { outcome: 'success' };
    await finish(plan);
    const situation = { ...told.situation, variables, axes: plan.axes };
    const { signal } = ending;
    const onMeasured = (step: StepResult) => {
      measured.steps = [...(measured.steps ?? []), step];
    };
    const own = createOwnSteps(setting, workspace, isolation);
    const given = {
      ...{ plan, situation, engine, own, signal, toStepVariables, onMeasured },
      variables,
      // Only now it is known which engine `auto` is, and so whose toolchain compiles.
      toMoreVariables: () => restoreCaches(setting, workspace, seen, plan, engine),
    };
    const reports = { setting, workspace, plan, since: Date.now() };
    const limit = plan.timeoutMs && limitTime(ending, plan.timeoutMs, performance.now() - setting.claimedAt);
    try {
      if ([...plan.steps, ...plan.services].every(({ secrets }) => secrets === undefined)) {
        const end = await runPipeline({ ...given, sink: reporter });
        await addReports(reports, end);
        return end;
      }
      const secrets = await takeSecrets(plan, situation, (names) => askSecrets(names, signal));
      const sink = maskSink(secrets, reporter);
      try {
        const end = await runPipeline({ ...given, sink, secrets });
        await addReports(reports, end, sink.maskText);
        return sink.maskEnd(end);
      } finally {
        await sink.close();
      }
    } finally {
      clearTimeout(limit);
    }
  };

  return {
    run: async (commit) => {
      try {
        return await run(commit);
      } catch (error) {
        if (!(error instanceof PipelineError)) throw error;
        await reporter.write(cloneStep, Buffer.from(`${error.message}\n`));
        return { outcome: 'failure', reason: error.message };
      }
    },
    close: () => engine.close(),
  };
}
