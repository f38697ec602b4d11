import { createHash, subtle } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { decompress, type Entry, EntryError, type FileEntry, type Pack, packBytes } from './entry.ts';
import type { Stamp } from './sources.ts';

/** Files that are kept together: several small ones in one pack, or a large one in several. */
export interface Unit {
  packs: readonly Pack[];
  files: readonly FileEntry[];
}

/** Of what was kept as it is; smaller ones are put together again, so that they do not pile up. */
const leastKeptBytes = packBytes / 8;

/** What an entry's packs hold. @throws EntryError where they do not hold what its files need */
export function toUnits({ files, packs }: Pick<Entry, 'files' | 'packs'>): Unit[] {
  const units: Unit[] = [];
  let pack = 0;
  for (let at = 0; at < files.length; ) {
    const [, , , size = 0] = files[at] ?? [];
    let end = at + 1;
    let bytes = size;
    if (size <= packBytes)
      for (let next = files[end]; next?.[4] === pack && bytes + next[3] <= packBytes; next = files[end]) {
        bytes += next[3];
        end += 1;
      }
    const count = Math.max(1, Math.ceil(bytes / packBytes));
    const own = packs.slice(pack, pack + count);
    const isWhole = own.every(([, , raw], i) => raw === Math.min(packBytes, bytes - i * packBytes));
    if (files[at]?.[4] !== pack || own.length !== count || !isWhole)
      throw new EntryError('its packs are not as long as its files');
    units.push({ packs: own, files: files.slice(at, end) });
    at = end;
    pack += count;
  }
  if (pack !== packs.length) throw new EntryError('it has packs without files');
  return units;
}

/**
 * Which units of what was restored still hold, and how the other files are put together: neighbours by name,
 * since what is built together is named together.
 */
export function planUnits(
  files: ReadonlyMap<string, Stamp>,
  before: readonly Unit[],
  isUnchanged: (path: string) => boolean,
): { kept: Unit[]; groups: string[][] } {
  const kept = before.filter(
    (unit) => toRawBytes(unit) >= leastKeptBytes && unit.files.every(([path]) => isUnchanged(path)),
  );
  const done = new Set(kept.flatMap((unit) => unit.files.map(([path]) => path)));
  const groups: string[][] = [];
  let room = 0;
  for (const [path, { size }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (done.has(path)) continue;
    const last = groups.at(-1);
    if (last !== undefined && size <= room) last.push(path);
    else groups.push([path]);
    room = (last !== undefined && size <= room ? room : packBytes) - size;
  }
  return { kept, groups };
}

const toRawBytes = ({ packs }: Unit): number => packs.reduce((sum, [, , raw]) => sum + raw, 0);

/** Opens a file that was found, as it was found. @throws where it is another by now */
export function openFound(place: string, stamp: Stamp): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const { ino, size } = fstatSync(file);
  if (ino === stamp.ino && size === stamp.size) return file;
  closeSync(file);
  throw new Error(`${place} was changed while it was read`);
}

/** @throws where the file ends before `into` is full */
export function readFully(file: number, into: Uint8Array, from: number): void {
  for (let at = 0; at < into.length; ) {
    const count = readSync(file, into, at, into.length - at, from + at);
    if (count === 0) throw new Error('a file was cut off while it was read');
    at += count;
  }
}

/**
 * Hashed and unpacked by threads, while this one makes files.
 *
 * @throws EntryError where these are not the bytes that were put
 */
export async function openPack(
  bytes: Uint8Array<ArrayBuffer> | undefined,
  [sha256, , rawBytes]: Pack,
): Promise<Buffer> {
  if (bytes === undefined) throw new EntryError(`pack ${sha256.slice(0, 12)} is gone`);
  const found = Buffer.from(await subtle.digest('SHA-256', bytes)).toString('hex');
  if (found !== sha256) throw new EntryError(`pack ${sha256.slice(0, 12)} is damaged`);
  const raw = await decompress(bytes, rawBytes);
  if (raw.length !== rawBytes) throw new EntryError(`pack ${sha256.slice(0, 12)} has another length`);
  return raw;
}

export function toSha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
