import type { Stage } from './stage.ts';

/** One line of the catalogue. */
export interface Fault {
  /** Its number in the catalogue; two that share one are two ways to try it. */
  number: number;
  /** The hypothesis: could be false. */
  title: string;
  /** What it cannot be injected without. */
  needs?: 'cc';
  /** How often it is drawn, beside the others. @default 10 */
  weight?: number;
  /** True where no agent is hurt so that no live agent's job may be taken away. */
  calm?: boolean;
  /** True where others at the same time would hide what it shows. */
  alone?: boolean;
  /** Returns how many faults that were; 0 where the moment never came. */
  inject(stage: Stage): Promise<number>;
}

/** A line of the catalogue that is not for this run. */
export interface Elsewhere {
  number: number;
  title: string;
  /** What it would need. */
  why?: string;
  /** The tests that hold it: file and title. */
  tests?: readonly (readonly [file: string, title: string])[];
}
