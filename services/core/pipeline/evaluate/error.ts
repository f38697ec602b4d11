/** An expression that cannot be read, or has no value. `message` is one line for its author. */
export class EvaluateError extends Error {
  override name = 'EvaluateError';
}
