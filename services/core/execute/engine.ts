import type { PlannedStep, Variables } from '../pipeline/index.ts';

/** Takes a step's output, exactly as it came; awaiting it is how a slow reader slows a fast step down. */
export type Write = (bytes: Uint8Array) => void | Promise<void>;

export interface StepRun {
  step: PlannedStep;
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

/** Where steps run. */
export interface Engine {
  readonly name: string;
  /**
   * Runs one step to its end, when nothing that it started runs any more.
   *
   * @throws EngineError where the step could not be run; that is no fault of the step.
   */
  run(run: StepRun): Promise<StepEnd>;
  close(): Promise<void>;
}

export class EngineError extends Error {
  override name = 'EngineError';
}
