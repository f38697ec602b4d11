import type { StepResult } from '../job/index.ts';
import {
  isSelected,
  type Plan,
  type PlannedStep,
  runsOnStatus,
  type Situation,
  selectSteps,
  toSecretValue,
  type Variables,
} from '../pipeline/index.ts';
import { createBackgrounds, untilReady } from './background.ts';
import { type Engine, isCannotRun, type StepEnd, type StepRun } from './engine.ts';
import { GraphError, type StepGraph, toGraph } from './graph.ts';
import { runWithin } from './time-limit.ts';

/** Where a run's output and facts go. */
export interface RunSink {
  /** A step's output, as it came. Awaited: the step waits while it is pending. Several steps may write at once. */
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
  /** Without what runs them, steps of a kind that no engine runs are skipped, and say so. @default none */
  own?: OwnSteps;
  variables: Variables;
  /** Asked before the first step, once the engine is prepared; those above win. @default none */
  toMoreVariables?: (() => Promise<Variables>) | undefined;
  /** Asked once the step has begun; they win. @default none */
  toStepVariables?: ((step: string) => Variables) | undefined;
  /** By name: at least those that the plan's steps ask for. @default none */
  secrets?: ReadonlyMap<string, string>;
  sink: RunSink;
  /** Told of each step that has run. */
  onMeasured?: ((result: StepResult) => void) | undefined;
  /** How long services may take until they are ready. @default 120000 */
  readyMs?: number;
  signal: AbortSignal;
}

/** `aborted` says nothing of why: who gave the signal knows. */
export type RunEnd =
  | { outcome: 'success' }
  | { outcome: 'aborted' }
  | { outcome: 'skipped'; reason: string }
  | {
      outcome: 'failure';
      reason: string;
      /** Of the step that decided it. */
      exitCode?: number;
      /** The step that failed ends the whole pipeline. */
      endsPipeline?: true;
    };

/**
 * Runs a plan: services first, until they are ready; then each step as soon as what it needs has ended, as many at
 * once as there are. After one that fails only those begin that ask for a failure, unless it says `failure: ignore`.
 *
 * @throws EngineError where a step could not be run at all; what ran has then been ended.
 */
export async function runPipeline(options: RunOptions): Promise<RunEnd> {
  const { plan, engine, signal } = options;
  const situation = { axes: plan.axes, ...options.situation };
  const skipAll = async () => {
    for (const { name } of plan.steps) await options.sink.step({ name, state: 'skipped' });
  };
  const { steps, reason } = selectSteps(plan, situation);
  if (reason !== undefined) {
    await skipAll();
    return { outcome: 'skipped', reason };
  }
  const services = plan.services.filter((service) => isSelected(service, situation));
  try {
    const graph = toGraph(plan, situation);
    await engine.prepare({ services, steps: steps.filter(isEngines), workspace: plan.workspace }, signal);
    const variables = { ...(await options.toMoreVariables?.()), ...options.variables };
    return await runGraph(graph, services, { ...options, variables, situation }, skipAll);
  } catch (error) {
    if (!(error instanceof GraphError || isCannotRun(error))) throw error;
    await skipAll();
    return { outcome: 'failure', reason: error.message };
  }
}

async function runGraph(
  graph: StepGraph,
  services: readonly PlannedStep[],
  options: RunOptions,
  skipAll: () => Promise<void>,
): Promise<RunEnd> {
  const { situation, engine, signal, readyMs = 120_000 } = options;
  const backgrounds = createBackgrounds();
  const abort = new AbortController();
  const life = AbortSignal.any([signal, abort.signal]);
  let end: RunEnd = { outcome: 'success' };
  /** Whatever still runs is ended, and nothing begins. */
  let broken: { error: unknown } | undefined;
  const breakOff = (error: unknown) => {
    // What is ended anyway may say so by an error.
    if (!life.aborted) broken = { error };
    abort.abort();
  };

  const startBackground = (step: PlannedStep) => {
    const background = backgrounds.start(step, async (over) => {
      const { end } = await runStep(step, options, AbortSignal.any([life, over]), over);
      return end;
    });
    background.ended.catch(breakOff);
    return background;
  };
  const fail = (step: PlannedStep, failure: RunEnd) => {
    if (end.outcome === 'success') end = failure;
    if (step.failure === 'cancel') abort.abort();
  };
  const runOne = async (step: PlannedStep) => {
    const wanted = end.outcome === 'failure' ? 'failure' : 'success';
    const isNext = isSelected(step, situation) && runsOnStatus(step, situation).includes(wanted);
    if (!isNext || life.aborted) return options.sink.step({ name: step.name, state: 'skipped' });
    if (step.detach) return void startBackground(step);
    const variables = { ...options.variables, CI_PIPELINE_STATUS: wanted };
    const { end: stepEnd, timedOut } = await runStep(step, { ...options, variables }, life);
    if (stepEnd.exitCode !== 0 && step.failure !== 'ignore' && !life.aborted)
      fail(step, toFailure(step, stepEnd, timedOut));
  };

  const begun = new Map<PlannedStep, Promise<void>>();
  const begin = (step: PlannedStep): Promise<void> => {
    const known = begun.get(step);
    if (known !== undefined) return known;
    const needs = Promise.all((graph.get(step) ?? []).map(begin));
    const running = needs.then(() => runOne(step)).catch(breakOff);
    begun.set(step, running);
    return running;
  };

  try {
    const started = services.map(startBackground);
    const until = { mostMs: readyMs, signal: life };
    const late = await Promise.all(started.map((each) => untilReady(each, engine, until)));
    const reason = late.find((each) => each !== undefined);
    if (reason === undefined) await Promise.all([...graph.keys()].map(begin));
    else {
      await skipAll();
      end = { outcome: 'failure', reason };
    }
  } finally {
    await backgrounds.end();
  }
  if (signal.aborted) return { outcome: 'aborted' };
  if (broken !== undefined) throw broken.error;
  return end;
}

function isEngines({ kind }: PlannedStep): boolean {
  return kind === 'commands' || kind === 'plugin';
}

/** @param over ends a step that runs beside the others: then it has done what it was for */
async function runStep(
  step: PlannedStep,
  options: RunOptions,
  signal: AbortSignal,
  over?: AbortSignal,
): Promise<{ end: StepEnd; timedOut: boolean }> {
  const { engine, own, variables, toStepVariables, secrets, sink, onMeasured } = options;
  const { name } = step;
  const run = own?.[step.kind] ?? (isEngines(step) ? engine.run : undefined);
  if (run === undefined) {
    await sink.write(name, Buffer.from(`Only an agent runs steps of kind ${step.kind}.\n`));
    await sink.step({ name, state: 'skipped' });
    return { end: { exitCode: 0 }, timedOut: false };
  }
  await sink.step({ name, state: 'running' });
  const startedAt = performance.now();
  const { end, timedOut } = await runWithin(step.timeoutMs, signal, (limited) =>
    run({
      step,
      variables: { ...variables, ...toStepFacts(step, options.plan), ...toStepVariables?.(name) },
      secrets: step.secrets?.map((use) => toSecretValue(use, secrets)) ?? [],
      write: (bytes) => sink.write(name, bytes),
      signal: limited,
    }),
  ).catch((error: unknown) => {
    // Ended before it could begin.
    if (signal.aborted) return { end: { exitCode: 143 } as StepEnd, timedOut: false };
    throw error;
  });
  const { exitCode, cpuMs, peakBytes } = end;
  onMeasured?.({
    name,
    ms: Math.round(performance.now() - startedAt),
    ...(cpuMs === undefined ? {} : { cpuMs }),
    ...(peakBytes === undefined ? {} : { peakBytes }),
  });
  if (over?.aborted === true && !options.signal.aborted) await sink.step({ name, state: 'success' });
  else if (signal.aborted) await sink.step({ name, state: 'cancelled', exitCode });
  else await sink.step({ name, state: exitCode === 0 && !timedOut ? 'success' : 'failure', exitCode });
  return { end: timedOut && exitCode === 0 ? { ...end, exitCode: timeoutCode } : end, timedOut };
}

function toStepFacts(step: PlannedStep, { steps, services }: Plan): Variables {
  const number = [...services, ...steps].indexOf(step) + 1;
  return {
    CI_STEP_NAME: step.name,
    CI_STEP_TYPE: services.includes(step) ? 'service' : step.kind,
    CI_STEP_NUMBER: String(number),
    CI_STEP_STARTED: String(Math.floor(Date.now() / 1000)),
  };
}

/** As timeout(1) says it. */
const timeoutCode = 124;

function toFailure(
  { name, timeoutMs, failure }: PlannedStep,
  { exitCode }: StepEnd,
  timedOut: boolean,
): RunEnd {
  const about = `step ${JSON.stringify(name)}`;
  const reason = timedOut
    ? `${about} ran longer than its limit of ${(timeoutMs ?? 0) / 1000} s`
    : `${about} failed with exit code ${exitCode}`;
  return {
    outcome: 'failure',
    reason,
    exitCode,
    ...(failure === 'cancel' ? { endsPipeline: true as const } : {}),
  };
}
