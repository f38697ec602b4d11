import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import * as z from 'zod';
import type { LogChunk } from '../../core/queue/index.ts';

/**
 * One attempt's log as a blob: frames of some chunks each, then the index of the frames, all deflated. A
 * frame is the length of its head (4 bytes, big endian), the head (JSON: step and bytes of each chunk), and
 * the chunks' bytes; so a reader of some bytes inflates the frame that holds them, and knows its chunks.
 */
export interface BuiltLog {
  parts: Uint8Array[];
  /** Where the index stands: `<offset> <length>`. */
  place: string;
  chunks: number;
}

/** Large enough to deflate well, small enough to be read for one byte of it. */
const frameBytes = 256 * 1024;
const frameChunks = 1000;
/** A frame ends after the chunk that fills it; the head has room. */
const mostInflated = 4 * 1024 * 1024;

const toDeflated = promisify<Uint8Array, Buffer>(deflate);
const toInflated = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);

const count = z.int().nonnegative();
const indexSchema = z.object({
  /** Of the whole log. */
  bytes: count,
  chunks: count,
  /** Where each stands in the blob, its first chunk, and where that begins in the log. */
  frames: z.array(z.object({ offset: count, length: count, first: count, begin: count })),
});
export type LogIndex = z.infer<typeof indexSchema>;
const headSchema = z.array(z.tuple([z.string(), count]));

/** @param chunks in order, from the first one on */
export async function buildLog(chunks: AsyncIterable<LogChunk>): Promise<BuiltLog> {
  const parts: Uint8Array[] = [];
  const index: LogIndex = { bytes: 0, chunks: 0, frames: [] };
  let offset = 0;
  let frame: LogChunk[] = [];
  let held = 0;

  const add = async (part: Uint8Array) => {
    const deflated = await toDeflated(part);
    parts.push(deflated);
    offset += deflated.length;
    return deflated.length;
  };
  const endFrame = async () => {
    const first = frame[0]?.n;
    if (first === undefined) return;
    const at = { offset, first, begin: index.bytes };
    index.frames.push({ ...at, length: await add(toFrame(frame)) });
    index.bytes += held;
    frame = [];
    held = 0;
  };

  for await (const chunk of chunks) {
    if (chunk.n !== index.chunks + 1) throw new TypeError(`chunk ${index.chunks + 1} is missing`);
    index.chunks = chunk.n;
    frame.push(chunk);
    held += chunk.bytes.length;
    if (held >= frameBytes || frame.length >= frameChunks) await endFrame();
  }
  await endFrame();
  const end = offset;
  const length = await add(Buffer.from(JSON.stringify(index)));
  return { parts, place: `${end} ${length}`, chunks: index.chunks };
}

function toFrame(chunks: readonly LogChunk[]): Buffer {
  const head = Buffer.from(JSON.stringify(chunks.map(({ step, bytes }) => [step, bytes.length])));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([length, head, ...chunks.map(({ bytes }) => bytes)]);
}

/** Where `buildLog` put the index. */
export function parsePlace(place: string): { from: number; length: number } {
  const [, from, length] = /^(\d{1,15}) (\d{1,15})$/.exec(place) ?? [];
  if (from === undefined || length === undefined) throw new TypeError(`${JSON.stringify(place)} is no place`);
  return { from: Number(from), length: Number(length) };
}

export async function parseIndex(deflated: Uint8Array): Promise<LogIndex> {
  const text = await toInflated(deflated, { maxOutputLength: mostInflated });
  return indexSchema.parse(JSON.parse(text.toString()));
}

/** @param first the number of its first chunk */
export async function parseFrame(deflated: Uint8Array, first: number): Promise<LogChunk[]> {
  const frame = await toInflated(deflated, { maxOutputLength: mostInflated });
  const head = frame.subarray(4, 4 + frame.readUInt32BE(0));
  let at = 4 + head.length;
  return headSchema.parse(JSON.parse(head.toString())).map(([step, length], i) => {
    const bytes = frame.subarray(at, at + length);
    at += length;
    return { n: first + i, step, bytes };
  });
}
