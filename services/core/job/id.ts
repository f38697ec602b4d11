import { hash } from 'node:crypto';

/**
 * The id of a pipeline or a job, made from what it is about: the same event always has the same id, so
 * history still knows a replay after every dedupe key has expired.
 *
 * @param parts joined as JSON, so that no two lists of parts run together.
 * @returns 20 hex digits (80 bits).
 */
export function toId(...parts: readonly (string | number)[]): string {
  return hash('sha256', JSON.stringify(parts), 'hex').slice(0, 20);
}
