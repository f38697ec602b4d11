import { join } from 'node:path';
import type { Store } from '../store/index.ts';
import { compress, type Entry, encodeEntry, type FileEntry, limits, type Pack } from './entry.ts';
import { inTurn } from './in-turn.ts';
import { plan, readInto, toSha256 } from './packs.ts';
import type { Scan } from './scan.ts';
import { isSame, type Manifest, type Stamp } from './sources.ts';

/** What was restored at the beginning of the job. */
export interface Before {
  entry: Entry;
  stamps: ReadonlyMap<string, Stamp>;
}

export interface SaveOptions {
  store: Pick<Store, 'put'>;
  entryName: string;
  toPackName(sha256: string): string;
  name: string;
  key: string;
  scan: Scan;
  /** Of the roots, on this machine. */
  places: readonly string[];
  /** Undefined where times mean nothing to it. */
  manifest: Manifest | undefined;
  before: Before | undefined;
  signal: AbortSignal;
}

const packsAtOnce = 3;

/** Puts what is not there yet, and the list of files last, so that nobody finds a half. @returns bytes that were put */
export async function save(options: SaveOptions): Promise<number> {
  const { store, entryName, toPackName, name, key, scan, places, before, signal } = options;
  const isUnchanged = (path: string) => {
    const [was, is] = [before?.stamps.get(path), scan.files.get(path)];
    return was !== undefined && is !== undefined && isSame(was, is);
  };
  const { kept, groups } = plan(scan.files, toPacks(before?.entry), isUnchanged);
  const packs: Pack[] = kept.map(({ pack }) => pack);
  const paths: (readonly string[])[] = kept.map((one) => one.paths);
  let put = 0;
  await inTurn(groups, packsAtOnce, async (group) => {
    signal.throwIfAborted();
    const raw = Buffer.allocUnsafe(group.rawBytes);
    let offset = 0;
    for (const path of group.paths) {
      const stamp = scan.files.get(path);
      if (stamp === undefined) continue;
      const [root = '', ...rest] = path.split('/');
      readInto(join(places[Number(root)] ?? '', ...rest), stamp, raw.subarray(offset, offset + stamp.size));
      offset += stamp.size;
    }
    const bytes = await compress(raw);
    if (bytes.length > limits.packBytes) throw new Error(`${group.paths[0]} is too large to be kept`);
    const sha256 = toSha256(bytes);
    await store.put(toPackName(sha256), [bytes]);
    put += bytes.length;
    packs.push([sha256, bytes.length, raw.length]);
    paths.push(group.paths);
  });
  signal.throwIfAborted();
  const files = paths.flatMap((group, pack) => group.flatMap((path) => toFile(scan, path, pack)));
  const bytes = await encodeEntry({
    name,
    key,
    newestUs: files.reduce((newest, [, , mtimeUs]) => Math.max(newest, mtimeUs), 0),
    bornBytes: before?.entry.bornBytes ?? scan.bytes,
    packs,
    files,
    folders: scan.folders,
    links: scan.links,
    twins: scan.twins,
    sources: [...(options.manifest ?? [])].map(([path, { hash, mtimeUs }]) => [path, hash, mtimeUs]),
  });
  await store.put(entryName, [bytes]);
  return put + bytes.length;
}

function toFile({ files }: Scan, path: string, pack: number): FileEntry[] {
  const found = files.get(path);
  return found === undefined ? [] : [[path, found.mode, found.mtimeUs, found.size, pack]];
}

function toPacks(entry: Entry | undefined): { pack: Pack; paths: string[] }[] {
  const packs = (entry?.packs ?? []).map((pack) => ({ pack, paths: [] as string[] }));
  for (const [path, , , , pack] of entry?.files ?? []) packs[pack]?.paths.push(path);
  return packs;
}
