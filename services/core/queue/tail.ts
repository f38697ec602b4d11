import type { Redis } from 'ioredis';

export interface Entry {
  id: string;
  fields: Buffer[];
}

/** Told of each batch of one stream, in order; it must not block. */
export type Listener = (key: string, entries: readonly Entry[]) => void;

export interface Tail {
  /** From `after` on, or from where others of this key are already. Returns how to stop. */
  watch(key: string, after: string, listener: Listener): () => void;
  close(): Promise<void>;
}

/** Long enough to be idle, short enough to see a dead line; never for ever. */
const blockMs = 5_000;
/** A line that is silent for longer than it may block is half open. */
const silentMs = blockMs + 3_000;
const retryMs = 200;

/**
 * Follows any number of streams with one blocking connection. A key that is new while the read blocks
 * needs another read, so the connection is ended and a new one opened: no right beyond XREAD is needed.
 */
export function createTail(open: () => Redis, entriesAtOnce = 500): Tail {
  const listeners = new Map<string, Set<Listener>>();
  const positions = new Map<string, string>();
  let connection: Redis | undefined;
  let reading = false;
  let closed = false;
  let wake: (() => void) | undefined;
  let giveUp: ((error: Error) => void) | undefined;
  let loop: Promise<void> | undefined;

  const drop = () => {
    connection?.disconnect();
    connection = undefined;
    giveUp?.(new Error('the line was dropped'));
  };

  const pause = (ms?: number) =>
    new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const read = async (): Promise<boolean> => {
    // An error of the line is also the answer to its read, which is where it is dealt with.
    connection ??= open().on('error', () => undefined);
    const guard = setTimeout(drop, silentMs);
    reading = true;
    try {
      const batches = await Promise.race([
        connection.xreadBuffer(
          ...(['COUNT', entriesAtOnce, 'BLOCK', blockMs, 'STREAMS'] as const),
          ...positions.keys(),
          ...positions.values(),
        ),
        // A connection that is ended while it tries to connect again never answers what it was asked.
        new Promise<never>((_, reject) => {
          giveUp = reject;
        }),
      ]);
      for (const [key, entries] of batches ?? []) deliver(key.toString(), entries);
      return true;
    } catch {
      // Ended by a new key, by the guard, or by Redis: in each case the next read starts where this one did.
      return false;
    } finally {
      reading = false;
      clearTimeout(guard);
    }
  };

  const deliver = (key: string, raw: readonly [Buffer, Buffer[]][]) => {
    const entries = raw.map(([id, fields]) => ({ id: id.toString(), fields }));
    const last = entries.at(-1);
    if (last === undefined || !positions.has(key)) return;
    positions.set(key, last.id);
    for (const listener of listeners.get(key) ?? []) listener(key, entries);
  };

  const follow = async () => {
    while (!closed) {
      if (positions.size === 0) await pause();
      else if (!(await read()) && !closed && connection !== undefined) {
        drop();
        await pause(retryMs);
      }
    }
    drop();
  };

  return {
    watch(key, after, listener) {
      const known = listeners.get(key);
      if (known === undefined) {
        listeners.set(key, new Set([listener]));
        positions.set(key, after);
        if (reading) drop();
        wake?.();
      } else {
        known.add(listener);
      }
      loop ??= follow();
      return () => {
        const left = listeners.get(key);
        left?.delete(listener);
        if (left?.size !== 0) return;
        listeners.delete(key);
        positions.delete(key);
      };
    },
    async close() {
      closed = true;
      drop();
      wake?.();
      await loop;
    },
  };
}
