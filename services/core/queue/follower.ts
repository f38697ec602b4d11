import type { Redis } from 'ioredis';
import type { JobEvent } from '../job/index.ts';
import type { LogArchive } from './archive.ts';
import { toQueueError } from './error.ts';
import { parseStoredEvent, toJobEvent } from './event-text.ts';
import { followLog } from './follow-log.ts';
import { toKey } from './keys.ts';
import { createLogReader } from './log.ts';
import type { Follower } from './queue.ts';
import { createRunner, toList } from './run-script.ts';
import { look } from './scripts/look.ts';
import { toJob } from './snapshot.ts';
import { isAfter, isId, readStream } from './stream-reader.ts';
import { createTail, type Entry } from './tail.ts';

export interface FollowerDeps {
  /** For short reads; shared, and ended by the caller. */
  commands: Redis;
  /** Opens a connection that only blocks; the follower ends it. Used for events, and for watched logs. */
  openBlocking(): Redis;
  /** Where logs are that have left Redis. @default none has */
  archive?: LogArchive;
}

export function createFollower({ commands, openBlocking, archive }: FollowerDeps): Follower {
  // A chunk of a log has up to 64 KiB, an event some 100 bytes.
  const events = createTail(openBlocking);
  const logs = createTail(openBlocking, 16);
  const reader = createLogReader(commands, archive);
  const run = createRunner(commands);
  const closing = new AbortController();
  // Readers of the same batch share what was made of it.
  const made = new WeakMap<Entry, Promise<JobEvent | undefined>>();

  const make = async (entry: Entry): Promise<JobEvent | undefined> => {
    const stored = parseStoredEvent(String(entry.fields[1]));
    if (stored.type !== 'created') return toJobEvent(stored);
    const reply = await run(look, [stored.job]);
    return reply === null ? undefined : toJobEvent(stored, toJob(toList(reply)[1]));
  };

  const toEvent = (entry: Entry) => {
    const known = made.get(entry) ?? make(entry);
    made.set(entry, known);
    return known;
  };

  /** Whatever is made of each entry after `from`, but nothing. */
  async function* follow<T>(
    from: string,
    signal: AbortSignal,
    toYield: (entry: Entry) => T | undefined | Promise<T | undefined>,
  ): AsyncGenerator<T | { reset: true }> {
    // Before anything follows it: a reader of the future would take all who come after it along.
    if (!isId(from) || (await isTooOld(commands, from))) {
      yield { reset: true };
      return;
    }
    const reader = readStream({ commands, tail: events, key: toKey('events'), after: from });
    const either = AbortSignal.any([signal, closing.signal]);
    either.addEventListener('abort', reader.wake);
    try {
      while (!either.aborted) {
        for (const entry of await reader.next()) {
          const made = await toYield(entry);
          if (made !== undefined && !either.aborted) yield made;
        }
      }
    } finally {
      either.removeEventListener('abort', reader.wake);
      reader.close();
    }
  }

  return {
    events: (from, signal) =>
      follow(from, signal, async (entry) => {
        const event = await toEvent(entry);
        return event === undefined ? undefined : { id: entry.id, event };
      }),
    changes: (from, signal) =>
      follow(from, signal, (entry) => {
        const { type, job } = parseStoredEvent(String(entry.fields[1]));
        return type === 'step' ? undefined : { job };
      }),
    log: (id, from, signal) =>
      followLog({ commands, events, logs, reader }, id, from, AbortSignal.any([signal, closing.signal])),
    async close() {
      closing.abort();
      await Promise.all([events.close(), logs.close()]);
    },
  };
}

/** Entries after `from` have been trimmed, or the stream is younger than `from`: only a snapshot helps. */
async function isTooOld(commands: Redis, from: string): Promise<boolean> {
  const info = (await commands.call('XINFO', ['STREAM', toKey('events')]).catch((error: unknown) => {
    if (error instanceof Error && error.message.includes('no such key')) return [];
    throw toQueueError('read events', error);
  })) as unknown[];
  const field = (name: string) => info[info.indexOf(name) + 1];
  if (info.length === 0) return isAfter(from, '0-0');
  if (isAfter(from, String(field('last-generated-id')))) return true;
  const first = field('first-entry');
  if (!Array.isArray(first)) return false;
  return Number(field('entries-added')) > Number(field('length')) && isAfter(String(first[0]), from);
}
