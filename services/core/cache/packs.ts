import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { decompress, EntryError, type Pack } from './entry.ts';
import type { Stamp } from './sources.ts';

/** Files whose contents stand one after the other. */
export interface Group {
  paths: readonly string[];
  rawBytes: number;
}

/** Small enough that what changes in one file costs little, large enough that a store has few of them. */
const groupBytes = 8 * 1024 ** 2;
/** Of what was kept as it is; smaller ones are put together again, so that they do not pile up. */
const leastKeptBytes = 512 * 1024;

/**
 * Which packs of the entry that was restored still hold, and how the other files are put together: neighbours
 * by name, since what is built together is named together.
 *
 * @param before paths of each pack
 * @param isUnchanged since it was restored
 */
export function plan(
  files: ReadonlyMap<string, Stamp>,
  before: readonly { pack: Pack; paths: readonly string[] }[],
  isUnchanged: (path: string) => boolean,
): { kept: { pack: Pack; paths: readonly string[] }[]; groups: Group[] } {
  const kept = before.filter(
    ({ pack: [, , rawBytes], paths }) => rawBytes >= leastKeptBytes && paths.every(isUnchanged),
  );
  const done = new Set(kept.flatMap(({ paths }) => paths));
  const groups: { paths: string[]; rawBytes: number }[] = [];
  const rest = [...files].filter(([path]) => !done.has(path)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, { size }] of rest) {
    let last = groups.at(-1);
    if (last === undefined || (last.rawBytes > 0 && last.rawBytes + size > groupBytes)) {
      last = { paths: [], rawBytes: 0 };
      groups.push(last);
    }
    last.paths.push(path);
    last.rawBytes += size;
  }
  return { kept, groups };
}

/**
 * Reads a file as it was found, or throws: what is read is what is said of it.
 *
 * @param into its next bytes, as many as the file has
 */
export function readInto(place: string, stamp: Stamp, into: Buffer): void {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { ino, size } = fstatSync(file);
    if (ino !== stamp.ino || size !== stamp.size) throw new Error(`${place} was changed while it was read`);
    for (let at = 0; at < size; ) {
      const count = readSync(file, into, at, size - at, at);
      if (count === 0) throw new Error(`${place} was cut off while it was read`);
      at += count;
    }
  } finally {
    closeSync(file);
  }
}

/** @throws EntryError where these are not the bytes that were put */
export async function openPack(bytes: Uint8Array | undefined, [sha256, , rawBytes]: Pack): Promise<Buffer> {
  if (bytes === undefined) throw new EntryError(`pack ${sha256.slice(0, 12)} is gone`);
  if (toSha256(bytes) !== sha256) throw new EntryError(`pack ${sha256.slice(0, 12)} is damaged`);
  const raw = await decompress(bytes, rawBytes);
  if (raw.length !== rawBytes) throw new EntryError(`pack ${sha256.slice(0, 12)} has another length`);
  return raw;
}

export function toSha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
