import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createLogArchive, toBlobName } from '../../../../services/api/archive/archive.ts';
import { buildLog } from '../../../../services/api/archive/format.ts';
import type { LogChunk } from '../../../../services/core/queue/index.ts';
import { type Range, type Store, StoreError } from '../../../../services/core/store/index.ts';

const id = 'a'.repeat(20);

/** A store of this process, and the bytes that were read from it. */
function createMemory() {
  const blobs = new Map<string, Buffer<ArrayBuffer>>();
  let read = 0;
  const store: Store = {
    name: 'memory',
    put: async (name, parts) => void blobs.set(name, Buffer.concat(parts)),
    get: async (name, range?: Range) => {
      const blob = blobs.get(name);
      const part = range === undefined ? blob : blob?.subarray(range.from, range.from + range.length);
      read += part?.length ?? 0;
      return part;
    },
    remove: async (name) => void blobs.delete(name),
    list: async function* () {
      for (const [name, { length }] of blobs) yield { name, bytes: length, putMs: 0 };
    },
  };
  return { store, blobs, readBytes: () => read };
}

async function archive(chunks: readonly LogChunk[]) {
  const memory = createMemory();
  const {
    parts,
    place,
    chunks: count,
  } = await buildLog(
    (async function* () {
      yield* chunks;
    })(),
  );
  expect(count).toBe(chunks.length);
  await memory.store.put(toBlobName(id, 1), parts);
  const open = () => createLogArchive(memory.store).open(id, 1, place);
  return { ...memory, open, log: await open() };
}

const toChunks = (sizes: readonly number[]): LogChunk[] =>
  sizes.map((size, i) => ({
    n: i + 1,
    step: `step ${i % 3}`,
    bytes: Buffer.from(Array.from({ length: size }, (_, at) => (at * 31 + i) % 256)),
  }));

test('every chunk comes back as it was, from any chunk on, and any byte is where it is said to be', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(30), { maxLength: 40 }),
      fc.nat(41),
      fc.nat(700),
      fc.option(fc.nat(700)),
      async (sizes, after, from, more) => {
        const chunks = toChunks(sizes);
        const { log } = await archive(chunks);
        const until = Math.min(after + 5, chunks.length);
        expect(await log.chunks({ after })).toEqual(chunks.slice(after));
        expect(await log.chunks({ after, until })).toEqual(chunks.slice(after, until));
        const whole = Buffer.concat(chunks.map(({ bytes }) => bytes));
        const to = more === null ? undefined : from + more;
        const span = await log.seek(from, to);
        expect(span.size).toBe(whole.length);
        const parts = chunks.slice(span.after, span.until).map(({ bytes }) => bytes);
        const wanted = whole.subarray(from, to === undefined ? undefined : to + 1);
        expect(Buffer.concat(parts).subarray(span.skip, span.skip + wanted.length)).toEqual(wanted);
      },
    ),
    { numRuns: 60 },
  );
});

test('one byte of a long log is read without the rest of it', async () => {
  const chunks = Array.from({ length: 200 }, (_, i) => ({
    n: i + 1,
    step: 'build',
    bytes: randomBytes(65_536),
  }));
  const { log, blobs, readBytes } = await archive(chunks);
  const before = readBytes();
  const span = await log.seek(7_000_000, 7_000_000);
  expect(await log.chunks(span)).toEqual([chunks[span.after]]);
  const all = [...blobs.values()].reduce((sum, { length }) => sum + length, 0);
  expect(readBytes() - before).toBeLessThan(all / 10);
});

test('a log of many small chunks costs little for each', async () => {
  const { blobs } = await archive(toChunks(Array.from({ length: 20_000 }, () => 10)));
  expect([...blobs.values()][0]?.length).toBeLessThan(20_000 * 10);
});

test('a blob that was cut, changed or removed is an error, never another log', async () => {
  const { open, blobs, store } = await archive(toChunks([100, 200]));
  const name = toBlobName(id, 1);
  const whole = blobs.get(name) ?? Buffer.alloc(0);
  for (const broken of [whole.subarray(0, -1), Buffer.alloc(whole.length), Buffer.alloc(0)]) {
    blobs.set(name, broken);
    await expect(open().then((log) => log.chunks({ after: 0 }))).rejects.toThrow();
  }
  await store.remove(name);
  await expect(open()).rejects.toThrow(StoreError);
  await expect(createLogArchive(store).open(id, 1, 'nonsense')).rejects.toThrow('is no place');
});

test('a log with a hole is not archived', async () => {
  await expect(archive(toChunks([1, 2, 3]).filter(({ n }) => n !== 2))).rejects.toThrow('chunk 2 is missing');
});
