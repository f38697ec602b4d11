import {
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fchownSync,
  futimesSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  utimesSync,
  write,
  writeSync,
} from 'node:fs';
import { lchown, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import type { CacheStore } from './cache-store.ts';
import type { Entry, FolderEntry } from './entry.ts';
import { inTurn } from './in-turn.ts';
import { openPack, toUnits, type Unit } from './packs.ts';
import type { Place } from './scan.ts';
import { type Stamp, toSeconds, toStamp } from './sources.ts';

/** Where a root should stand something of the commit's does. */
export class OccupiedError extends Error {
  override name = 'OccupiedError';
}

const unitsAtOnce = 4;

export interface RestoreOptions {
  store: Pick<CacheStore, 'pack'>;
  entry: Entry;
  places: readonly Place[];
  /** An empty folder of ours, on the same file system. */
  staging: string;
  /** Whose all of it becomes, where we may choose. */
  owner: number | undefined;
  signal: AbortSignal;
}

/**
 * Writes all of an entry into a folder of its own, and then moves its roots to where they belong: whoever looks
 * sees all of it or nothing.
 *
 * @returns what tells later whether a file is still the same
 * @throws EntryError, OccupiedError, StoreError
 */
export async function restore(options: RestoreOptions): Promise<Map<string, Stamp>> {
  const { store, entry, places, staging, owner, signal } = options;
  for (const place of places) requireFree(place);
  const at = (path: string) => join(staging, path);
  try {
    for (const [path] of entry.folders) mkdirSync(at(path), { mode: 0o700 });
    await inTurn(toUnits(entry), unitsAtOnce, (unit) => {
      signal.throwIfAborted();
      return writeUnit(store, unit, staging, owner);
    });
    for (const [path, target] of entry.twins) linkSync(at(target), at(path));
    for (const [path, target] of entry.links) {
      symlinkSync(target, at(path));
      if (owner !== undefined) await lchown(at(path), owner, owner);
    }
    // From the innermost: what is put into a folder changes its time, and some let nobody write.
    const finish = (path: string, [, mode, mtimeUs]: FolderEntry) => {
      if (owner !== undefined) chownSync(path, owner, owner);
      utimesSync(path, toSeconds(mtimeUs), toSeconds(mtimeUs));
      chmodSync(path, mode);
    };
    for (const folder of entry.folders.toReversed())
      if (folder[0].includes('/')) finish(at(folder[0]), folder);
    for (const [i, place] of places.entries()) {
      if (lstatSync(at(String(i)), { throwIfNoEntry: false }) === undefined) continue;
      makeParents(place, owner);
      renameSync(at(String(i)), place.place);
      // Only now: a folder that nobody may write cannot be moved.
      const root = entry.folders.find(([path]) => path === String(i));
      if (root !== undefined) finish(place.place, root);
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  const stamps = new Map<string, Stamp>();
  for (const [path] of entry.files) {
    const [root = '', ...rest] = path.split('/');
    const { place = '' } = places[Number(root)] ?? {};
    stamps.set(path, toStamp(lstatSync(join(place, ...rest))));
  }
  return stamps;
}

async function writeUnit(
  store: Pick<CacheStore, 'pack'>,
  { packs, files }: Unit,
  staging: string,
  owner: number | undefined,
): Promise<void> {
  const [pack] = packs;
  if (pack === undefined) return;
  let raw = await openPack(await store.pack(pack[0]), pack);
  for (const [path, mode, mtimeUs, size] of files) {
    const file = openSync(join(staging, path), 'wx', 0o600);
    try {
      await writeFully(file, raw.subarray(0, size));
      raw = raw.subarray(size);
      for (const more of packs.slice(1))
        await writeFully(file, await openPack(await store.pack(more[0]), more));
      if (owner !== undefined) fchownSync(file, owner, owner);
      fchmodSync(file, mode);
      futimesSync(file, toSeconds(mtimeUs), toSeconds(mtimeUs));
    } finally {
      closeSync(file);
    }
  }
}

/** A small file is written sooner than a thread would answer. */
const smallBytes = 256 * 1024;

async function writeFully(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; )
    at +=
      bytes.length < smallBytes
        ? writeSync(file, bytes, at)
        : (await promisify(write)(file, bytes, at, bytes.length - at)).bytesWritten;
}

/** The tree is somebody else's: a link in it may lead anywhere, and what the commit has is not ours to replace. */
function requireFree({ place, base }: Place): void {
  let folder = base;
  for (const part of relative(base, dirname(place)).split(sep)) {
    folder = join(folder, part);
    const found = lstatSync(folder, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (!found.isDirectory()) throw new OccupiedError(`${folder} is no folder`);
  }
  const found = lstatSync(place, { throwIfNoEntry: false });
  if (found === undefined) return;
  try {
    rmdirSync(place);
  } catch (cause) {
    throw new OccupiedError(`${place} is in the commit`, { cause });
  }
}

function makeParents({ place, base }: Place, owner: number | undefined): void {
  let folder = base;
  for (const part of relative(base, dirname(place)).split(sep)) {
    folder = join(folder, part);
    if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) continue;
    mkdirSync(folder, { mode: 0o755 });
    if (owner !== undefined) chownSync(folder, owner, owner);
  }
}
