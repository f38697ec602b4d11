import type { Redis } from 'ioredis';
import { toQueueError } from './error.ts';
import { logKey, logMetaKey, toKey } from './keys.ts';
import type { LogChunk, LogSpan } from './queue.ts';
import { createRunner, toList, toNumber, toText } from './run-script.ts';
import { deferArchive, expireArchived, nextUnarchived, noteArchived, seal } from './scripts/archive.ts';

/** Where the logs of ended jobs are kept outside of Redis. */
export interface LogArchive {
  /** @param place what `seal` was told of where this log stands */
  open(id: string, fence: number, place: string): Promise<ArchivedLog>;
}

export interface ArchivedLog {
  /** As `Queue.readLog`: empty at the end. */
  chunks(span: { after: number; until?: number | undefined }): Promise<LogChunk[]>;
  seek(from: number, to?: number): Promise<Omit<LogSpan, 'fence'>>;
}

/** The logs that are to leave Redis, and those that are to leave the archive. */
export interface Unarchived {
  /**
   * A job that has ended and whose log is still here; undefined where there is none, or where another
   * process archives: who asks again within `leaseMs` goes on being the one.
   */
  next(holder: string, leaseMs: number): Promise<{ id: string; ran: number } | undefined>;
  /** Chunks of an attempt's log that is here; undefined where there is none, or not any more. */
  have(id: string, fence: number): Promise<number | undefined>;
  /** The archive has the log: it leaves Redis, unless it has more chunks by now. */
  seal(id: string, fence: number, have: number, place: string): Promise<boolean>;
  /** All attempts of the job are archived. */
  done(id: string, ran: number): Promise<void>;
  /** Asks for others first. */
  defer(id: string, ms: number): Promise<void>;
  /** Logs that nobody can ask for any more, oldest first. */
  discarded(most: number): Promise<{ id: string; fence: number }[]>;
  forget(discarded: { id: string; fence: number }): Promise<void>;
  /** Archived logs that are older leave; their jobs stay. Answers how many jobs. */
  expire(ageMs: number): Promise<number>;
}

/** An agent tells its job's end after its log; what is late all the same is seen by `seal`. */
const settledMs = 2_000;
const expiresAtOnce = 200;

export function createUnarchived({ commands }: { commands: Redis }): Unarchived {
  const run = createRunner(commands);
  const guard = <T>(answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw toQueueError('archive', error);
    });
  return {
    async next(holder, leaseMs) {
      const reply = await run(nextUnarchived, [holder, leaseMs, settledMs]);
      if (reply === null) return undefined;
      const [id, ran] = toList(reply);
      return { id: toText(id), ran: toNumber(ran) };
    },
    async have(id, fence) {
      const [have, archived] = await guard(commands.hmget(logMetaKey(id, fence), 'have', 'archived'));
      return typeof have === 'string' && archived === null ? Number(have) : undefined;
    },
    seal: async (id, fence, have, place) =>
      (await run(seal, [have, place], [logKey(id, fence), logMetaKey(id, fence)])) === 1,
    done: async (id, ran) => void (await run(noteArchived, [id, ran])),
    defer: async (id, ms) => void (await run(deferArchive, [id, ms])),
    async discarded(most) {
      const entries = await guard(commands.lrange(toKey('discarded'), 0, most - 1));
      return entries.map((entry) => {
        const [id = '', fence = ''] = entry.split(' ');
        return { id, fence: Number(fence) };
      });
    },
    forget: async ({ id, fence }) =>
      void (await guard(commands.lrem(toKey('discarded'), 1, `${id} ${fence}`))),
    expire: async (ageMs) => toNumber(await run(expireArchived, [ageMs, expiresAtOnce])),
  };
}
