import type { Redis } from 'ioredis';
import { isFinal, jobStates } from '../job/index.ts';
import { toQueueError } from './error.ts';
import { parseStoredEvent } from './event-text.ts';
import { logKey, logMetaKey, toKey, toKeyOf } from './keys.ts';
import { type LogReader, toChunk } from './log.ts';
import type { LogChunk } from './queue.ts';
import { toOneOf } from './snapshot.ts';
import { readStream } from './stream-reader.ts';
import type { Listener, Tail } from './tail.ts';

interface Deps {
  commands: Redis;
  events: Tail;
  logs: Tail;
  reader: LogReader;
}

/** After these, the job has another log, or will have none. */
const turns = new Set(['claimed', 'delayed', 'finished', 'skipped', 'dead']);

/**
 * A job's log as it grows, over all its attempts from `from` on: each attempt's to its end, then the next
 * one's, until the job has ended.
 */
export async function* followLog(
  { commands, events, logs, reader }: Deps,
  id: string,
  from: { fence?: number; after: number },
  signal: AbortSignal,
): AsyncGenerator<{ fence: number; chunk: LogChunk }> {
  const turn = createTurn(id);
  const stopEvents = events.watch(toKey('events'), await readLastEvent(commands), turn.listener);
  signal.addEventListener('abort', turn.wake);
  let { fence, after } = from;
  try {
    while (!signal.aborted) {
      turn.reset();
      const job = await readJob(commands, id);
      if (job === undefined) return;
      // Never ahead of what is there: who follows the future would take all who come after it along.
      fence ??= job.ran;
      if (!(fence > 0 && fence <= job.ran)) [fence, after] = [job.ran, 0];
      const have = await readHave(commands, id, fence);
      after = Math.max(0, Math.min(after, have));
      if (fence === 0) {
        if (isFinal(job.state)) return;
        await turn.wait();
        fence = undefined;
        continue;
      }
      const over = job.state !== 'running' || fence < job.ran;
      for await (const chunk of over ? readWhole(fence) : readLive(fence, have)) {
        yield { fence, chunk };
        after = chunk.n;
      }
      if (signal.aborted || (isFinal(job.state) && fence >= job.ran)) return;
      if (fence < job.ran) [fence, after] = [job.ran, 0];
      else if (over) await turn.wait();
    }
  } finally {
    signal.removeEventListener('abort', turn.wake);
    stopEvents();
  }

  /** To the end of a log that grows no more, and may leave Redis meanwhile. */
  async function* readWhole(current: number): AsyncGenerator<LogChunk> {
    for (let last = after; !signal.aborted; ) {
      const chunks = await reader.chunks(id, current, { after: last });
      if (chunks.length === 0) return;
      yield* chunks;
      last = chunks.at(-1)?.n ?? last;
    }
  }

  /** Until the turn of the job comes. */
  async function* readLive(current: number, have: number): AsyncGenerator<LogChunk> {
    const from = { after: `${after}-0`, tailAfter: `${have}-0` };
    const live = readStream({ commands, tail: logs, key: logKey(id, current), ...from });
    turn.tell(live.wake);
    try {
      while (!signal.aborted) {
        const entries = await live.next();
        if (entries.length === 0) return;
        for (const { id: entry, fields } of entries) yield await toChunk(Buffer.from(entry), fields);
      }
    } finally {
      turn.tell(undefined);
      live.close();
    }
  }
}

/** Remembers that the job has taken a turn, for whoever asks later. */
function createTurn(id: string) {
  let taken = false;
  let resolve: (() => void) | undefined;
  let tell: (() => void) | undefined;
  const wake = () => {
    taken = true;
    resolve?.();
    tell?.();
  };
  const listener: Listener = (_key, entries) => {
    for (const { fields } of entries) {
      const event = parseStoredEvent(String(fields[1]));
      if (event.job === id && turns.has(event.type)) return wake();
    }
  };
  return {
    listener,
    wake,
    reset: () => {
      taken = false;
    },
    tell: (next: (() => void) | undefined) => {
      tell = next;
      if (taken) next?.();
    },
    wait: () =>
      new Promise<void>((done) => {
        resolve = done;
        if (taken) done();
      }),
  };
}

async function readJob(commands: Redis, id: string) {
  const [state, ran] = await guard(commands.hmget(toKeyOf('job', id), 'state', 'ran'));
  if (state === null || state === undefined) return undefined;
  return { state: toOneOf(jobStates, state), ran: Number(ran ?? 0) };
}

async function readHave(commands: Redis, id: string, fence: number): Promise<number> {
  return Number((await guard(commands.hget(logMetaKey(id, fence), 'have'))) ?? 0);
}

async function readLastEvent(commands: Redis): Promise<string> {
  const [last] = await guard(commands.xrevrange(toKey('events'), '+', '-', 'COUNT', 1));
  return last?.[0] ?? '0-0';
}

function guard<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    throw toQueueError('read log', error);
  });
}
