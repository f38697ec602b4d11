import { posix } from 'node:path';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib';
import * as z from 'zod';

/** What is kept of one cache: the list of its files, whose contents stand in packs. */
export interface Entry {
  name: string;
  /** Hash of the files that its content follows from. */
  key: string;
  /** Of whatever was built newest, µs since 1970. */
  newestUs: number;
  /** How much it was when it was made from nothing, bytes. */
  bornBytes: number;
  packs: readonly Pack[];
  /** In the order of their packs: each is in its first pack, and in those after it. A path begins with the number of its root. */
  files: readonly FileEntry[];
  folders: readonly FolderEntry[];
  links: readonly LinkEntry[];
  /** Further names of a file. */
  twins: readonly LinkEntry[];
  /** Of the tree that it was built from; none where times mean nothing to it. */
  sources: readonly (readonly [path: string, hash: string, mtimeUs: number])[];
}

export type Pack = readonly [sha256: string, bytes: number, rawBytes: number];
export type FileEntry = readonly [path: string, mode: number, mtimeUs: number, size: number, pack: number];
export type FolderEntry = readonly [path: string, mode: number, mtimeUs: number];
export type LinkEntry = readonly [path: string, target: string];

/** What stands in a store is none of ours, or damaged. It counts as not there. */
export class EntryError extends Error {
  override name = 'EntryError';
}

/** Of files that a pack holds, at most; a larger file has several packs. */
export const packBytes = 8 * 1024 ** 2;
/** A pack, or the list of an entry, as it is put. */
export const mostBlobBytes = packBytes + 64 * 1024;

/** More is no cache that is worth its time. */
export const limits = { files: 400_000, bytes: 32 * 1024 ** 3, listBytes: 128 * 1024 ** 2 } as const;

const text = z.string().min(1).max(4096);
const size = z.int().nonnegative().max(limits.bytes);
const mode = z.int().nonnegative().max(0o777);
const time = z.int().nonnegative();
const many = <T extends z.ZodType>(item: T) => z.array(item).max(limits.files);

const entrySchema: z.ZodType<Entry> = z.object({
  version: z.literal(1),
  name: z.string().max(100),
  key: z.string().max(100),
  newestUs: time,
  bornBytes: size,
  packs: many(z.tuple([z.string().regex(/^[0-9a-f]{64}$/), size.max(mostBlobBytes), size.max(packBytes)])),
  files: many(z.tuple([text, mode, time, size, z.int().nonnegative()])),
  folders: many(z.tuple([text, mode, time])),
  links: many(z.tuple([text, text])),
  twins: many(z.tuple([text, text])),
  sources: many(z.tuple([text, z.string().length(27), time])),
});

/** zstd's default: of a build's outputs level 1 saves 15 % of the time, and costs no room worth naming. */
const level = 3;

export function compress(bytes: Uint8Array): Promise<Buffer> {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return promisify(zstdCompress)(bytes, { params, chunkSize: toChunkSize(bytes.length) });
}

/** @throws where it is not zstd, or becomes larger. */
export async function decompress(bytes: Uint8Array, mostBytes: number): Promise<Buffer> {
  const options = { maxOutputLength: Math.max(1, mostBytes), chunkSize: toChunkSize(mostBytes) };
  // What takes less time than a thread to answer is done at once.
  return bytes.length < smallBytes
    ? zstdDecompressSync(bytes, options)
    : promisify(zstdDecompress)(bytes, options);
}

const smallBytes = 64 * 1024;

/** Room for all of it at once: by default zlib hands out 16 KiB at a time, and takes a turn of the loop for each. */
const toChunkSize = (bytes: number): number => bytes + 1024;

export async function encodeEntry(entry: Entry): Promise<Buffer> {
  return compress(Buffer.from(JSON.stringify({ version: 1, ...entry })));
}

/**
 * @param roots how many there are
 * @param isInside whether a link at a path of the entry may lead to this place
 * @throws EntryError
 */
export function decodeEntry(
  bytes: Uint8Array,
  roots: number,
  isInside: (path: string, target: string) => boolean,
): Entry {
  try {
    const chunkSize = toChunkSize(packBytes);
    const json = zstdDecompressSync(bytes, { maxOutputLength: limits.listBytes, chunkSize }).toString();
    const entry = entrySchema.parse(JSON.parse(json));
    requireSound(entry, roots, isInside);
    return entry;
  } catch (cause) {
    if (cause instanceof EntryError) throw cause;
    throw new EntryError('the list of its files cannot be read', { cause });
  }
}

function requireSound(
  { files, folders, links, twins, sources }: Entry,
  roots: number,
  isInside: (path: string, target: string) => boolean,
): void {
  const known = new Set<string>();
  // Nothing can lie below a link or a file: every folder on the way is one that we make.
  const made = new Set(folders.map(([path]) => path));
  for (const [path] of [...folders, ...files, ...links, ...twins]) {
    if (!isPlainPath(path) || !(Number(path.split('/')[0]) < roots) || !/^\d{1,3}(?:\/|$)/.test(path))
      throw new EntryError(`${JSON.stringify(path)} is no place for a file`);
    if (known.has(path)) throw new EntryError(`${JSON.stringify(path)} stands there twice`);
    const folder = posix.dirname(path);
    if (folder !== '.' && !made.has(folder)) throw new EntryError(`${JSON.stringify(path)} has no folder`);
    known.add(path);
  }
  for (const [path, target] of links)
    if (!isInside(path, target)) throw new EntryError(`the link ${JSON.stringify(path)} leads out`);
  const regular = new Set(files.map(([path]) => path));
  for (const [path, target] of twins)
    if (!regular.has(target)) throw new EntryError(`${JSON.stringify(path)} is another name of nothing`);
  for (const [path] of sources)
    if (path !== '/' && !isPlainPath(path.replace(/\/$/, '')))
      throw new EntryError(`${JSON.stringify(path)} is no source`);
}

function isPlainPath(path: string): boolean {
  return path
    .split('/')
    .every((part) => part !== '' && part !== '.' && part !== '..' && !part.includes('\0'));
}
