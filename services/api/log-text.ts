import type { LogText } from '../core/job/index.ts';
import type { Follower } from '../core/queue/index.ts';

/** Where a reader of a log stands: after the chunk `n` of the attempt with this fence. */
export interface LogPosition {
  fence?: number;
  after: number;
}

/** `<fence>-<n>`, as a reader's Last-Event-ID; anything else is the beginning. */
export function parseLogPosition(text: string | undefined): LogPosition {
  const [, fence, n] = /^(\d{1,9})-(\d{1,9})$/.exec(text ?? '') ?? [];
  return fence === undefined ? { after: 0 } : { fence: Number(fence), after: Number(n) };
}

/** Bytes to text, and text to what may be shown; both may hold back what is not whole yet. */
export interface TextFilter {
  write(text: string): string;
  end(): string;
}

/**
 * A log as text for eyes: bytes that are cut between chunks (a character of several bytes, a terminal
 * sequence) come out whole; what is not UTF-8 becomes U+FFFD. The filter begins anew with each step and
 * each attempt.
 *
 * A reader who comes back after chunk n is given what follows it: chunk n is read again and not sent, so
 * that a character begun there is finished. So to a reader who leaves nothing unfinished is sent.
 */
export async function* followLogText(
  follower: Pick<Follower, 'log'>,
  job: string,
  from: LogPosition,
  signal: AbortSignal,
  createFilter: () => TextFilter,
): AsyncGenerator<{ id: string; chunk: LogText }> {
  let decoder = new TextDecoder();
  let filter = createFilter();
  let last: { id: string; fence: number; step: string } | undefined;
  const flush = () => filter.write(decoder.decode()) + filter.end();

  const start = { ...from, after: Math.max(0, from.after - 1) };
  for await (const { fence, chunk } of follower.log(job, start, signal)) {
    const { step } = chunk;
    if (last !== undefined && (last.fence !== fence || last.step !== step)) {
      const text = flush();
      if (text !== '') yield { id: last.id, chunk: { step: last.step, text } };
      decoder = new TextDecoder();
      filter = createFilter();
    }
    last = { id: `${fence}-${chunk.n}`, fence, step };
    const text = filter.write(decoder.decode(chunk.bytes, { stream: true }));
    const known = fence === from.fence && chunk.n <= from.after;
    if (!known) yield { id: last.id, chunk: { step, text } };
  }
  const text = last === undefined || signal.aborted ? '' : flush();
  if (last !== undefined && text !== '') yield { id: last.id, chunk: { step: last.step, text } };
}

/** For programs, which make text safe themselves where they show it. */
export function createPlainFilter(): TextFilter {
  return { write: (text) => text, end: () => '' };
}
