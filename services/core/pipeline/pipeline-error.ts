/** 1-based, as editors count; the column counts UTF-16 code units. */
export interface Position {
  line: number;
  column: number;
}

/**
 * A pipeline file says something that cannot be run. `message` is one line for a person:
 * `.bellows.yaml:3:5: unknown key "comands" in step; did you mean "commands"?`
 */
export class PipelineError extends Error {
  override name = 'PipelineError';
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, without the place. */
  readonly problem: string;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(file: string, { line, column }: Position, problem: string, hint?: string) {
    super(`${file}:${line}:${column}: ${problem}${hint === undefined ? '' : `; ${hint}`}`);
    this.file = file;
    this.line = line;
    this.column = column;
    this.problem = problem;
    this.hint = hint;
  }
}
