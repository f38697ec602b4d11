/** What a program prints when it fails, and how it ends. */
export interface Exit {
  readonly text: string;
  readonly exitCode: number;
}

/** Words that do not go together, or one that is missing. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * One line for what its user can mend (1), the usage for a wrong word (2).
 *
 * @param known the classes of errors that are for its user
 * @throws what is neither
 */
export function toExit(
  error: unknown,
  usage: string,
  known: readonly (abstract new (...args: never[]) => Error)[],
): Exit {
  if (error instanceof UsageError || isOfParseArgs(error))
    return { text: `bellows: ${error.message}\n${usage}`, exitCode: 2 };
  if (error instanceof Error && known.some((kind) => error instanceof kind))
    return { text: `${error.message}\n`, exitCode: 1 };
  throw error;
}

function isOfParseArgs(error: unknown): error is TypeError {
  return error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
