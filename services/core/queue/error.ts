/**
 * `unavailable`: Redis did not answer, or may not now; nothing is known of the call, and repeating it is right.
 * `archived`: what was asked for is in an archive that this process does not have.
 * `full`: Redis is out of memory; what ends work is still taken. `invalid`: the request can never be right.
 */
export type QueueErrorCode = 'unavailable' | 'archived' | 'full' | 'invalid';

export class QueueError extends Error {
  override name = 'QueueError';
  readonly code: QueueErrorCode;

  constructor(code: QueueErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export function toQueueError(what: string, cause: unknown): QueueError {
  if (cause instanceof QueueError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  // Redis' error codes are the first word of its errors (RESP, "Simple errors").
  if (said.startsWith('OOM ')) return new QueueError('full', `${what}: Redis is out of memory`, { cause });
  return new QueueError('unavailable', `${what}: Redis says ${said}`, { cause });
}
