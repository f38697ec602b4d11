import type { Redis } from 'ioredis';
import { toQueueError } from './error.ts';
import type { Entry, Tail } from './tail.ts';

/** What a reader that is slower than the stream keeps waiting; then it reads from Redis again. */
const mostInbox = 1_000;
const mostInboxBytes = 1024 * 1024;
const entriesAtOnce = 16;

export interface StreamReader {
  /** Entries after the cursor; waits for the first. Empty when `wake` was called, or at the end. */
  next(): Promise<readonly Entry[]>;
  wake(): void;
  close(): void;
}

/**
 * One reader of one stream: first what is there already, then what the tail brings. It watches before it
 * reads, so nothing falls in between, and keeps little, so a reader that never reads costs little.
 */
export function readStream(deps: {
  commands: Redis;
  tail: Tail;
  key: string;
  after: string;
  /** What is there before this is read once, by this reader alone. @default after */
  tailAfter?: string;
}): StreamReader {
  const { commands, tail, key } = deps;
  let cursor = deps.after;
  let inbox: Entry[] = [];
  let inboxBytes = 0;
  let behind = true;
  let resolve: (() => void) | undefined;
  let woken = false;

  const stop = tail.watch(key, deps.tailAfter ?? cursor, (_key, entries) => {
    inbox.push(...entries);
    for (const { fields } of entries) for (const field of fields) inboxBytes += field.length;
    if (inbox.length > mostInbox || inboxBytes > mostInboxBytes) {
      inbox = [];
      inboxBytes = 0;
      behind = true;
    }
    resolve?.();
  });

  const advance = (entries: readonly Entry[]): readonly Entry[] => {
    const fresh = entries.filter((entry) => isAfter(entry.id, cursor));
    cursor = fresh.at(-1)?.id ?? cursor;
    return fresh;
  };

  const drain = async (): Promise<readonly Entry[]> => {
    const raw = await commands
      .xrangeBuffer(key, `(${cursor}`, '+', 'COUNT', entriesAtOnce)
      .catch((error: unknown) => {
        throw toQueueError('read stream', error);
      });
    return advance(raw.map(([id, fields]) => ({ id: id.toString(), fields })));
  };

  return {
    async next() {
      while (!woken) {
        if (behind) {
          const entries = await drain();
          if (entries.length > 0) return entries;
          behind = false;
        }
        inboxBytes = 0;
        const fresh = advance(inbox.splice(0));
        if (fresh.length > 0) return fresh;
        if (behind || woken) continue;
        await new Promise<void>((done) => {
          resolve = done;
        });
      }
      woken = false;
      return [];
    },
    wake() {
      woken = true;
      resolve?.();
    },
    close: stop,
  };
}

/** What a client says that it has seen last may be anything. */
export function isId(text: string): boolean {
  return /^\d{1,15}-\d{1,10}$/.test(text);
}

/** Stream ids: `<milliseconds>-<number>`, neither padded. */
export function isAfter(id: string, than: string): boolean {
  const [ms = 0, n = 0] = id.split('-').map(Number);
  const [thanMs = 0, thanN = 0] = than.split('-').map(Number);
  return ms > thanMs || (ms === thanMs && n > thanN);
}
