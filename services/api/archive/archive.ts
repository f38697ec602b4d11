import type { ArchivedLog, LogArchive, LogChunk } from '../../core/queue/index.ts';
import { type Store, StoreError } from '../../core/store/index.ts';
import { type LogIndex, parseFrame, parseIndex, parsePlace } from './format.ts';

/** Indexes that are kept, for readers who come again: some 100 bytes for each 256 KiB of log. */
const mostIndexes = 100;

export function toBlobName(id: string, fence: number): string {
  return `logs/${id}/${fence}`;
}

/** Reads archived logs: the index, and of the frames only those that are asked for. */
export function createLogArchive(store: Store): LogArchive {
  const indexes = new Map<string, LogIndex>();

  const readIndex = async (name: string, place: string): Promise<LogIndex> => {
    const key = `${name} ${place}`;
    const known = indexes.get(key);
    if (known !== undefined) return known;
    const index = await parseIndex(await read(store, name, parsePlace(place)));
    const [oldest] = indexes.keys();
    if (indexes.size >= mostIndexes && oldest !== undefined) indexes.delete(oldest);
    indexes.set(key, index);
    return index;
  };

  return {
    async open(id, fence, place): Promise<ArchivedLog> {
      const name = toBlobName(id, fence);
      const index = await readIndex(name, place);
      const readFrame = async ({ offset, length, first }: LogIndex['frames'][number]) =>
        parseFrame(await read(store, name, { from: offset, length }), first);
      return {
        async chunks({ after, until = index.chunks }) {
          const frame = index.frames.findLast(({ first }) => first <= after + 1);
          if (frame === undefined || after >= Math.min(until, index.chunks)) return [];
          return (await readFrame(frame)).filter(({ n }) => n > after && n <= until);
        },
        async seek(from, to) {
          const find = async (byte: number): Promise<{ n: number; begin: number }> => {
            const frame = index.frames.findLast(({ begin }) => begin <= byte);
            if (frame === undefined || byte >= index.bytes) return { n: index.chunks + 1, begin: byte };
            return findChunk(await readFrame(frame), frame.begin, byte);
          };
          const { n, begin } = await find(from);
          const until = to === undefined ? index.chunks : Math.min(index.chunks, (await find(to)).n);
          return { size: index.bytes, after: n - 1, skip: from - begin, until };
        },
      };
    },
  };
}

/** The last chunk that begins at or before a byte, as in Redis: of empty ones at one place the last. */
function findChunk(chunks: readonly LogChunk[], start: number, byte: number): { n: number; begin: number } {
  let begin = start;
  let found = { n: chunks[0]?.n ?? 0, begin };
  for (const { n, bytes } of chunks) {
    if (begin > byte) break;
    found = { n, begin };
    begin += bytes.length;
  }
  return found;
}

async function read(store: Store, name: string, range: { from: number; length: number }): Promise<Buffer> {
  const bytes = await store.get(name, range);
  if (bytes?.length === range.length) return bytes;
  throw new StoreError(`${name} is not whole in ${store.name}: somebody else has changed or removed it`);
}
