/** `--help` was asked for (0), or an argument is wrong (2): what to print, and the exit code. */
export class UsageError extends Error {
  override name = 'UsageError';
  readonly exitCode: 0 | 2;
  constructor(message: string, exitCode: 0 | 2, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
