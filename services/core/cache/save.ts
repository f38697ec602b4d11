import { closeSync } from 'node:fs';
import { join } from 'node:path';
import type { CacheStore } from './cache-store.ts';
import {
  compress,
  type Entry,
  encodeEntry,
  type FileEntry,
  limits,
  mostBlobBytes,
  type Pack,
  packBytes,
} from './entry.ts';
import { inTurn } from './in-turn.ts';
import { openFound, planUnits, readFully, toSha256, toUnits, type Unit } from './packs.ts';
import type { Place, Scan } from './scan.ts';
import { isSame, type Manifest, type Stamp } from './sources.ts';

/** What was restored at the beginning of the job. */
export interface Before {
  entry: Entry;
  stamps: ReadonlyMap<string, Stamp>;
}

export interface SaveOptions {
  store: Pick<CacheStore, 'putEntry' | 'putPack'>;
  identity: string;
  name: string;
  key: string;
  scan: Scan;
  places: readonly Place[];
  /** Undefined where times mean nothing to it. */
  manifest: Manifest | undefined;
  before: Before | undefined;
  signal: AbortSignal;
}

const unitsAtOnce = 3;

/** Puts what is not there yet, and the list of files last, so that nobody finds a half. @returns bytes that were put */
export async function save(options: SaveOptions): Promise<number> {
  const { store, identity, name, key, scan, before, signal } = options;
  if (scan.files.size + scan.folders.length > limits.files)
    throw new Error('it has too many files to be kept');
  const isUnchanged = (path: string) => {
    const [was, is] = [before?.stamps.get(path), scan.files.get(path)];
    return was !== undefined && is !== undefined && isSame(was, is);
  };
  const { kept, groups } = planUnits(
    scan.files,
    before === undefined ? [] : toUnits(before.entry),
    isUnchanged,
  );
  let put = 0;
  // A further name for a file (pnpm and uv link what they install) changes its stamp, and nothing that is in it.
  const known = new Set(before?.entry.packs.map(([sha256]) => sha256));
  const putPack = async (raw: Buffer): Promise<Pack> => {
    signal.throwIfAborted();
    const bytes = await compress(raw);
    const sha256 = toSha256(bytes);
    if (!known.has(sha256)) {
      await store.putPack(sha256, bytes);
      put += bytes.length;
    }
    return [sha256, bytes.length, raw.length];
  };
  const made: Unit[] = [];
  await inTurn(groups, unitsAtOnce, async (paths, i) => {
    made[i] = await putUnit(paths, options, putPack);
  });
  const list = await encodeEntry({ name, key, ...toList([...kept, ...made], options) });
  if (list.length > mostBlobBytes) throw new Error('it has too many files to be kept');
  signal.throwIfAborted();
  await store.putEntry(identity, list);
  return put + list.length;
}

async function putUnit(
  paths: readonly string[],
  { scan: { files: found }, places }: SaveOptions,
  putPack: (raw: Buffer) => Promise<Pack>,
): Promise<Unit> {
  const open = (path: string, stamp: Stamp): number => {
    const [root = '', ...rest] = path.split('/');
    return openFound(join(places[Number(root)]?.place ?? '', ...rest), stamp);
  };
  const files = paths.flatMap((path): FileEntry[] => {
    const stamp = found.get(path);
    return stamp === undefined ? [] : [[path, stamp.mode, stamp.mtimeUs, stamp.size, 0]];
  });
  const size = files.reduce((sum, [, , , bytes]) => sum + bytes, 0);
  const packs: Pack[] = [];
  const [path = ''] = paths;
  const [only] = [found.get(path)];
  if (only !== undefined && only.size > packBytes) {
    const file = open(path, only);
    try {
      for (let from = 0; from < size; from += packBytes) {
        const raw = Buffer.allocUnsafe(Math.min(packBytes, size - from));
        readFully(file, raw, from);
        packs.push(await putPack(raw));
      }
    } finally {
      closeSync(file);
    }
    return { files, packs };
  }
  const raw = Buffer.allocUnsafe(size);
  let at = 0;
  for (const [each, , , bytes] of files) {
    const stamp = found.get(each);
    if (stamp === undefined) continue;
    const file = open(each, stamp);
    try {
      readFully(file, raw.subarray(at, at + bytes), 0);
    } finally {
      closeSync(file);
    }
    at += bytes;
  }
  return { files, packs: [await putPack(raw)] };
}

function toList(
  units: readonly Unit[],
  { scan, before, manifest = new Map() }: SaveOptions,
): Omit<Entry, 'name' | 'key'> {
  const packs: Pack[] = [];
  const files: FileEntry[] = [];
  for (const unit of units) {
    // The mode and time of now: of what is kept they are the same but for the mode.
    for (const [path, , mtimeUs, size] of unit.files)
      files.push([path, scan.files.get(path)?.mode ?? 0o600, mtimeUs, size, packs.length]);
    packs.push(...unit.packs);
  }
  return {
    newestUs: files.reduce((newest, [, , mtimeUs]) => Math.max(newest, mtimeUs), 0),
    bornBytes: before?.entry.bornBytes ?? scan.bytes,
    packs,
    files,
    folders: scan.folders,
    links: scan.links,
    twins: scan.twins,
    sources: [...manifest].map(([path, { hash, mtimeUs }]) => [path, hash, mtimeUs]),
  };
}
