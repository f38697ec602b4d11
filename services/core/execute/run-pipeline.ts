import type { StepResult } from '../job/index.ts';
import {
  type Plan,
  type PlannedStep,
  type Situation,
  selectSteps,
  type Variables,
} from '../pipeline/index.ts';
import type { Engine, StepEnd, StepRun } from './engine.ts';

/** Where a run's output and facts go. */
export interface RunSink {
  /** A step's output, as it came. Awaited: the step waits while it is pending. */
  write(step: string, bytes: Uint8Array): void | Promise<void>;
  step(fact: StepReport): void | Promise<void>;
}

export interface StepReport {
  name: string;
  state: 'running' | 'success' | 'failure' | 'skipped' | 'cancelled';
  exitCode?: number;
}

/** What runs steps that no engine does, by their kind: those that are the agent's own work. */
export type OwnSteps = Partial<Readonly<Record<PlannedStep['kind'], (run: StepRun) => Promise<StepEnd>>>>;

export interface RunOptions {
  plan: Plan;
  situation: Situation;
  engine: Engine;
  /** @default all steps are the engine's */
  own?: OwnSteps;
  variables: Variables;
  /** Asked once the step has begun; they win. @default none */
  toStepVariables?: ((step: string) => Variables) | undefined;
  /** By name: at least those that the plan's steps ask for. @default none */
  secrets?: ReadonlyMap<string, string>;
  sink: RunSink;
  /** Told of each step that has run. */
  onMeasured?: ((result: StepResult) => void) | undefined;
  signal: AbortSignal;
}

/** `aborted` says nothing of why: who gave the signal knows. */
export type RunEnd =
  | { outcome: 'success' }
  | { outcome: 'aborted' }
  | { outcome: 'skipped'; reason: string }
  | { outcome: 'failure'; reason: string; exitCode: number };

/**
 * Runs a plan's steps one after the other. After one that fails the rest are skipped, unless it says
 * `failure: ignore`.
 *
 * @throws EngineError where a step could not be run at all.
 */
export async function runPipeline(options: RunOptions): Promise<RunEnd> {
  const { plan, situation, sink, signal } = options;
  const { steps, reason } = selectSteps(plan, situation);
  if (reason !== undefined) {
    for (const { name } of plan.steps) await sink.step({ name, state: 'skipped' });
    return { outcome: 'skipped', reason };
  }
  let end: RunEnd = { outcome: 'success' };
  for (const step of plan.steps) {
    const isNext = end.outcome === 'success' && steps.includes(step);
    if (isNext && !signal.aborted) end = await runStep(step, options);
    else await sink.step({ name: step.name, state: 'skipped' });
    if (end.outcome === 'success' && signal.aborted) end = { outcome: 'aborted' };
  }
  return end;
}

async function runStep(step: PlannedStep, options: RunOptions): Promise<RunEnd> {
  const { engine, own, variables, toStepVariables, secrets, sink, onMeasured, signal } = options;
  const { name } = step;
  const run = own?.[step.kind] ?? engine.run;
  await sink.step({ name, state: 'running' });
  const startedAt = performance.now();
  const { exitCode, cpuMs, peakBytes } = await run({
    step,
    variables: { ...variables, CI_STEP_NAME: name, ...toStepVariables?.(name) },
    secrets: step.secrets?.map(({ secret }) => secrets?.get(secret) ?? '') ?? [],
    write: (bytes) => sink.write(name, bytes),
    signal,
  });
  onMeasured?.({
    name,
    ms: Math.round(performance.now() - startedAt),
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(peakBytes === undefined ? {} : { peakBytes }),
  });
  if (signal.aborted) {
    await sink.step({ name, state: 'cancelled', exitCode });
    return { outcome: 'aborted' };
  }
  if (exitCode === 0) {
    await sink.step({ name, state: 'success', exitCode });
    return { outcome: 'success' };
  }
  await sink.step({ name, state: 'failure', exitCode });
  if (step.failure === 'ignore') return { outcome: 'success' };
  return {
    outcome: 'failure',
    reason: `step ${JSON.stringify(name)} failed with exit code ${exitCode}`,
    exitCode,
  };
}
