import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import type { Redis } from 'ioredis';
import { type LogAnswer, logAnswerSchema } from '../job/index.ts';
import { toQueueError } from './error.ts';
import { logKey, logMetaKey } from './keys.ts';
import { logMs } from './limits.ts';
import type { LogChunk, LogSpan } from './queue.ts';
import { type Run, toList, toNumber, toText } from './run-script.ts';
import { append, seek } from './scripts/log.ts';

const toDeflated = promisify<Uint8Array, { level: number }, Buffer>(deflate);
const toInflated = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);

/** The api takes 64 KiB; the marker and what a later version may write have room. */
const mostInflated = 1024 * 1024;
/** What a chunk costs beside its bytes. */
const overhead = 64;
export const chunksAtOnce = 64;

export interface AppendedChunk {
  id: string;
  fence: number;
  n: number;
  step: string;
  bytes: Uint8Array;
}

export async function appendLog(run: Run, most: number, chunk: AppendedChunk): Promise<LogAnswer> {
  const { id, fence, n, step, bytes } = chunk;
  const deflated = await toDeflated(bytes, { level: 1 });
  const cost = Math.max(bytes.length, deflated.length) + overhead;
  const keys = [logKey(id, fence), logMetaKey(id, fence)];
  const plain = toMarker(most);
  const marker = await toDeflated(plain, { level: 1 });
  const sizes = [bytes.length, plain.length];
  const args = [n, step, deflated, cost, most, marker, logMs, ...sizes];
  const [answer, have] = toList(await run(append, args, keys));
  return logAnswerSchema.parse({ answer: toText(answer), have: toNumber(have) });
}

function toMarker(most: number): Buffer {
  const size =
    most >= 1024 * 1024 ? `${Math.floor(most / 1024 / 1024)} MiB` : `${Math.floor(most / 1024)} KiB`;
  return Buffer.from(`\n[the log ends here: a job may write ${size}]\n`);
}

/** Where the bytes from `from` to `to`, both included, stand; `to` absent is to the end. */
export async function seekLog(
  run: Run,
  id: string,
  { fence, from, to }: { fence: number; from: number; to?: number },
): Promise<LogSpan> {
  const keys = [logKey(id, fence), logMetaKey(id, fence)];
  const [size, after, begin, until] = toList(await run(seek, [from, to ?? ''], keys)).map(toNumber);
  return {
    fence,
    size: size ?? 0,
    after: after ?? 0,
    skip: from - (begin ?? 0),
    until: until ?? 0,
  };
}

/** At most 64 chunks after `after`, none after `until`. */
export async function readChunks(
  redis: Redis,
  id: string,
  { fence, after, until }: { fence: number; after: number; until?: number | undefined },
): Promise<LogChunk[]> {
  const last = until === undefined ? '+' : `${until}-0`;
  const entries = await redis
    .xrangeBuffer(logKey(id, fence), `(${after}-0`, last, 'COUNT', chunksAtOnce)
    .catch((error: unknown) => {
      throw toQueueError('read log', error);
    });
  return Promise.all(entries.map(([entry, fields]) => toChunk(entry, fields)));
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
