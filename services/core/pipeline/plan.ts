import type { Glob } from './glob.ts';
import type { Position } from './pipeline-error.ts';

/** What is to run: the one form that every front end is read into, and every engine runs. */
export interface Plan {
  /** The file it came from, or what it was detected from. */
  source: string;
  detected: boolean;
  /** The file's name without folder and ending. */
  workflow: string;
  /** Empty: always. */
  when: readonly Condition[];
  steps: readonly PlannedStep[];
}

export interface PlannedStep {
  name: string;
  image?: string;
  commands: readonly string[];
  /** The author's, and what the parser made for the commands. */
  environment: Readonly<Record<string, string>>;
  /** Variables whose values are secrets. @default none */
  secrets?: readonly SecretUse[];
  /** Below the workspace; `.` for the workspace itself. */
  directory: string;
  /** `ignore`: its failure is shown, and changes nothing. */
  failure: 'fail' | 'ignore';
  /** Empty: always. */
  when: readonly Condition[];
}

/** A variable of a step that a secret of the repository is the value of. */
export interface SecretUse {
  variable: string;
  /** In lower case. */
  secret: string;
  /** Where the file asks for it. */
  position: Position;
}

/** All that is given has to be true. */
export interface Condition {
  event?: readonly string[];
  branch?: { include: readonly Glob[]; exclude: readonly Glob[] };
}
