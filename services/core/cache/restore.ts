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
  writeSync,
} from 'node:fs';
import { lchown, rm } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Store } from '../store/index.ts';
import type { Entry, FolderEntry, Pack } from './entry.ts';
import { inTurn } from './in-turn.ts';
import { openPack } from './packs.ts';
import type { Place } from './scan.ts';
import { type Stamp, toSeconds, toStamp } from './sources.ts';

/** Where a root should stand something of the commit's does. */
export class OccupiedError extends Error {
  override name = 'OccupiedError';
}

const packsAtOnce = 4;

export interface RestoreOptions {
  store: Pick<Store, 'get'>;
  entry: Entry;
  toPackName(sha256: string): string;
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
  const { store, entry, toPackName, places, staging, owner, signal } = options;
  for (const place of places) requireFree(place);
  const at = (path: string) => join(staging, path);
  try {
    for (const [path] of entry.folders) mkdirSync(at(path), { mode: 0o700 });
    const inPacks: Entry['files'][number][][] = entry.packs.map(() => []);
    for (const file of entry.files) inPacks[file[4]]?.push(file);
    await inTurn(entry.packs, packsAtOnce, async (pack: Pack, i) => {
      signal.throwIfAborted();
      const raw = await openPack(await store.get(toPackName(pack[0])), pack);
      let offset = 0;
      for (const [path, mode, mtimeUs, size] of inPacks[i] ?? []) {
        writeFile(at(path), raw.subarray(offset, offset + size), mode, mtimeUs, owner);
        offset += size;
      }
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

function writeFile(
  path: string,
  bytes: Uint8Array,
  mode: number,
  mtimeUs: number,
  owner: number | undefined,
): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    if (owner !== undefined) fchownSync(file, owner, owner);
    fchmodSync(file, mode);
    futimesSync(file, toSeconds(mtimeUs), toSeconds(mtimeUs));
  } finally {
    closeSync(file);
  }
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
