import type { LogAnswer } from '../core/job/index.ts';
import { createStepBuffers } from './step-buffers.ts';

export interface LogShipperDeps {
  /** Sends one chunk; repeats until it is answered, or rejects when the log is lost for good. */
  send(n: number, step: string, bytes: Uint8Array, dropped?: number): Promise<LogAnswer>;
  /** Most bytes in one chunk. @default 65536 */
  chunkBytes?: number;
  /** How long bytes wait for company, milliseconds. @default 250 */
  intervalMs?: number;
  /** Bytes that may wait before the writer has to. @default 1 MiB */
  highWaterBytes?: number;
}

export interface LogShipper {
  /** Resolves at once, or when there is room again: a step that floods waits for the network. */
  write(step: string, bytes: Uint8Array): Promise<void>;
  /** A step writes nothing more: what it has left stands before what others write from now on. */
  end(step: string): void;
  /** Resolves when all has been sent; rejects with what broke the log. */
  drain(): Promise<void>;
}

interface Chunk {
  n: number;
  step: string;
  bytes: Uint8Array;
}

/**
 * Ships a log in numbered chunks, one in flight, each of one step. The first leaves at once, so that
 * somebody who watches sees life; then all that waits leaves when it fills a chunk, or after `intervalMs`: where
 * steps run side by side, each step's in one piece that ends with a line. What was sent is kept until the next
 * answer, so that a gap can be sent again. Once the log is full, what follows is counted, and the count is its
 * last word.
 */
export function createLogShipper({
  send,
  chunkBytes = 65_536,
  intervalMs = 250,
  highWaterBytes = 1 << 20,
}: LogShipperDeps): LogShipper {
  const pending = createStepBuffers();
  let n = 0;
  let unconfirmed: Chunk[] = [];
  /** Of a log that is full: its last chunk, and what came after it, of which the first bytes may be there. */
  let full: { have: number; step: string; dropped: number; unsure: number } | undefined;
  let broken: { error: unknown } | undefined;
  let sending: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isDraining = false;
  const roomWaiters: (() => void)[] = [];

  const deliver = async (chunk: Chunk) => {
    unconfirmed.push(chunk);
    for (let next: Chunk | undefined = chunk; next !== undefined; ) {
      const { answer, have } = await send(next.n, next.step, next.bytes);
      if (answer === 'full') {
        const { length } = next.bytes;
        full ??= { have, step: next.step, dropped: length, unsure: have < next.n ? length : 0 };
      }
      if (answer !== 'gap') {
        const done = next.n;
        unconfirmed = unconfirmed.filter((kept) => kept.n > done);
        next = unconfirmed[0];
        continue;
      }
      const missing = have + 1;
      next = unconfirmed.find((kept) => kept.n === missing);
      if (next === undefined)
        throw new Error(`the log has chunks up to ${have}; chunk ${missing} is gone here`);
    }
  };

  /** A chunk of each step, so that one that floods does not keep the others waiting. */
  const pump = async () => {
    const steps = pending.steps();
    for (const step of steps) {
      const bytes = pending.take(step, chunkBytes, steps.length > 1 && !isDraining);
      if (bytes === undefined) continue;
      n += 1;
      await deliver({ n, step, bytes });
      for (const wake of roomWaiters.splice(0)) wake();
      if (full !== undefined) break;
    }
    if (full !== undefined) full.dropped += pending.clear();
  };

  const isDue = () => n === 0 || pending.bytes >= chunkBytes;

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    sending ??= pump()
      .catch((error: unknown) => {
        broken = { error };
      })
      .finally(() => {
        sending = undefined;
        for (const wake of roomWaiters.splice(0)) wake();
        if (pending.bytes > 0 && broken === undefined) schedule();
      });
    return sending;
  };

  const schedule = () => {
    if (sending !== undefined) return;
    if (isDue()) void flush();
    else timer ??= setTimeout(flush, intervalMs);
  };

  return {
    write: async (step, bytes) => {
      if (full !== undefined) full.dropped += bytes.length;
      if (full !== undefined || bytes.length === 0) return;
      if (broken !== undefined) throw broken.error;
      pending.add(step, bytes);
      schedule();
      while (pending.bytes > highWaterBytes && broken === undefined)
        await new Promise<void>((resolve) => roomWaiters.push(resolve));
    },
    end: (step) => pending.end(step),
    drain: async () => {
      isDraining = true;
      while ((pending.bytes > 0 || sending !== undefined) && broken === undefined) await flush();
      clearTimeout(timer);
      if (broken !== undefined) throw broken.error;
      if (full === undefined || full.dropped === 0) return;
      const { have, step, dropped, unsure } = full;
      full.dropped = 0;
      const say = (at: number, count: number) => send(at, step, new Uint8Array(), count);
      // The chunk that was given up may have been written, and only the answer lost: then the word stands after it.
      if (unsure > 0 && dropped > unsure && (await say(have + 2, dropped - unsure)).answer !== 'gap') return;
      await say(have + 1, dropped);
    },
  };
}
