import type { Plan, PlannedStep, Variables } from '../pipeline/index.ts';

/** Takes a step's output, exactly as it came; awaiting it is how a slow reader slows a fast step down. */
export type Write = (bytes: Uint8Array) => void | Promise<void>;

export interface StepRun<S extends PlannedStep = PlannedStep> {
  step: S;
  /** What every step of the job finds in its environment; it wins over the step's own. */
  variables: Variables;
  /** Values of the step's secrets, in their order. @default none */
  secrets?: readonly string[];
  write: Write;
  /** Ends the step and all that it has started: TERM, a grace, KILL. */
  signal: AbortSignal;
}

/** How a step ended; 128 + n where signal n ended it. */
export interface StepEnd {
  exitCode: number;
  /** Processor time, milliseconds, where the engine can tell. */
  cpuMs?: number | undefined;
  /** The most memory that was seen, where the engine can tell. */
  peakBytes?: number | undefined;
}

/** All that an engine will be asked to run for a job. */
export interface EngineWork {
  services: readonly PlannedStep[];
  steps: readonly PlannedStep[];
  /** Where containers find the tree. @default the engine's choice */
  workspace?: Plan['workspace'];
}

/** Where steps run. */
export interface Engine {
  readonly name: string;
  /**
   * Told once, before the first step, of all that may run: so that what takes long for each (a container, an
   * image) can be made for all at once. What is left out afterwards was prepared in vain.
   *
   * @throws CannotRunError where it could not run something of it, whatever happens
   */
  prepare(work: EngineWork, signal: AbortSignal): Promise<void>;
  /**
   * Runs one of what was prepared, once, to its end, when nothing that it started runs any more. Several may run at
   * once.
   *
   * @throws EngineError where the step could not be run; that is no fault of the step.
   */
  run(run: StepRun): Promise<StepEnd>;
  /** Whether a service that runs takes connections at this port. */
  answers(service: PlannedStep, port: number): Promise<boolean>;
  /** Ends what is left, and leaves nothing of it. */
  close(): Promise<void>;
}

/** It may go better another time. */
export class EngineError extends Error {
  override name = 'EngineError';
}

/** The plan asks for what this engine does not have: no other try would change that. */
export class CannotRunError extends Error {
  override name = 'CannotRunError';
}

/** By its name: an engine that is loaded apart has a class of its own. */
export function isCannotRun(error: unknown): error is Error {
  return error instanceof Error && error.name === 'CannotRunError';
}
