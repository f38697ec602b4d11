import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import type { Redis } from 'ioredis';
import { type LogAnswer, logAnswerSchema } from '../job/index.ts';
import type { LogArchive } from './archive.ts';
import { QueueError, toQueueError } from './error.ts';
import { logKey, logMetaKey } from './keys.ts';
import { logMs } from './limits.ts';
import type { LogChunk, LogSpan } from './queue.ts';
import { createRunner, type Run, toList, toNumber, toText } from './run-script.ts';
import { append, seek } from './scripts/log.ts';

const toDeflated = promisify<Uint8Array, { level: number }, Buffer>(deflate);
const toInflated = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);

/** The api takes 64 KiB; the marker and what a later version may write have room. */
const mostInflated = 1024 * 1024;
/** What a chunk costs beside its bytes. */
const overhead = 64;
/** A mebibyte at most, for a reader who takes none of it. */
export const chunksAtOnce = 16;

export interface AppendedChunk {
  id: string;
  fence: number;
  n: number;
  step: string;
  bytes: Uint8Array;
  /** In place of `bytes`: how many did not fit; said once, at the end of a full log. @default 0 */
  dropped?: number | undefined;
}

export async function appendLog(run: Run, most: number, chunk: AppendedChunk): Promise<LogAnswer> {
  const { id, fence, n, step, dropped = 0 } = chunk;
  const bytes = dropped > 0 ? toLastWord(dropped) : chunk.bytes;
  const deflated = await toDeflated(bytes, { level: 1 });
  const cost = Math.max(bytes.length, deflated.length) + overhead;
  const keys = [logKey(id, fence), logMetaKey(id, fence)];
  const plain = toMarker(most);
  const marker = await toDeflated(plain, { level: 1 });
  const sizes = [bytes.length, plain.length];
  const args = [n, step, deflated, cost, most, marker, logMs, ...sizes, dropped > 0 ? 1 : 0];
  const [answer, have] = toList(await run(append, args, keys));
  return logAnswerSchema.parse({ answer: toText(answer), have: toNumber(have) });
}

function toMarker(most: number): Buffer {
  const size =
    most >= 1024 * 1024 ? `${Math.floor(most / 1024 / 1024)} MiB` : `${Math.floor(most / 1024)} KiB`;
  return Buffer.from(`\n[the log is full: a job may write ${size}; what follows is dropped]\n`);
}

function toLastWord(dropped: number): Buffer {
  return Buffer.from(`[${dropped} bytes were dropped here]\n`);
}

/** Reads a log wherever it is: in Redis, or in the archive once its job has ended. */
export interface LogReader {
  /** At most 16 chunks after `after`, none after `until`; empty at the end. */
  chunks(id: string, fence: number, span: { after: number; until?: number | undefined }): Promise<LogChunk[]>;
  /** Where the bytes from `from` to `to`, both included, stand; `to` absent is to the end. */
  seek(id: string, fence: number, from: number, to?: number): Promise<LogSpan>;
}

export function createLogReader(redis: Redis, archive: LogArchive | undefined): LogReader {
  const run = createRunner(redis);
  const guard = <T>(answer: Promise<T>) =>
    answer.catch((error: unknown) => {
      throw toQueueError('read log', error);
    });
  const open = (id: string, fence: number, place: string) => {
    if (archive !== undefined) return archive.open(id, fence, place);
    throw new QueueError('archived', `the log of ${id} was archived, and there is no archive`);
  };
  return {
    async chunks(id, fence, span) {
      const last = span.until === undefined ? '+' : `${span.until}-0`;
      const entries = await guard(
        redis.xrangeBuffer(logKey(id, fence), `(${span.after}-0`, last, 'COUNT', chunksAtOnce),
      );
      if (entries.length > 0) return Promise.all(entries.map(([entry, fields]) => toChunk(entry, fields)));
      // Asked after the stream: it leaves when this is there.
      const place = await guard(redis.hget(logMetaKey(id, fence), 'archived'));
      return place === null ? [] : (await open(id, fence, place)).chunks(span);
    },
    async seek(id, fence, from, to) {
      const keys = [logKey(id, fence), logMetaKey(id, fence)];
      const [size, after, begin, until, place] = toList(await run(seek, [from, to ?? ''], keys));
      if (toText(place) !== '') {
        const archived = await open(id, fence, toText(place));
        return { fence, ...(await archived.seek(from, to)) };
      }
      return {
        fence,
        size: toNumber(size),
        after: toNumber(after),
        skip: from - toNumber(begin),
        until: toNumber(until),
      };
    },
  };
}

export async function toChunk(entry: Buffer, fields: readonly Buffer[]): Promise<LogChunk> {
  const [, step, , deflated] = fields;
  if (step === undefined || deflated === undefined) throw new TypeError(`not a log chunk: ${entry}`);
  return {
    n: Number.parseInt(entry.toString(), 10),
    step: step.toString(),
    bytes: await toInflated(deflated, { maxOutputLength: mostInflated }),
  };
}
