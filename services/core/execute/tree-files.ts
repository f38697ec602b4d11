import { constants, type Stats } from 'node:fs';
import { type FileHandle, lstat, open, readdir, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isNativeError } from 'node:util/types';
import type { PathFilter } from '../pipeline/index.ts';

export interface FindOptions {
  filter: PathFilter;
  /** Names of folders that are not entered. */
  skip: ReadonlySet<string>;
  /** Files that are wanted at most; the walk ends with the next one. */
  most: number;
  /** Files and folders that are looked at, at most. @default 200000 */
  mostEntries?: number;
  signal?: AbortSignal;
}

export interface Found {
  /** Plain files, relative to the tree, in an order that is always the same. */
  paths: string[];
  /** Links, devices and the like that a pattern names: they are never taken. */
  others: string[];
  /** Whether there is more than was looked at, or wanted. */
  isCut: boolean;
}

const mostDepth = 64;
const mostOthers = 1000;

/** Finds files of a tree that is somebody else's: links are not followed, neither to files nor to folders. */
export async function findFiles(tree: string, options: FindOptions): Promise<Found> {
  const { filter, skip, most, mostEntries = 200_000, signal } = options;
  const found: Found = { paths: [], others: [], isCut: false };
  let entries = 0;

  const walk = async (folder: string, isTaken: boolean, depth: number): Promise<void> => {
    signal?.throwIfAborted();
    const list = await readdir(join(tree, folder), { withFileTypes: true }).catch(ignoreGone);
    list.sort((left, right) => (left.name < right.name ? -1 : 1));
    for (const entry of list) {
      if (found.isCut) return;
      entries += 1;
      if (entries > mostEntries || depth > mostDepth) found.isCut = true;
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (filter.excludes(path)) continue;
      const isWanted = isTaken || filter.includes(path);
      if (entry.isDirectory()) {
        if (!skip.has(entry.name) && (isWanted || filter.enters(path))) await walk(path, isWanted, depth + 1);
      } else if (!isWanted) continue;
      else if (!entry.isFile()) found.others.push(path);
      else if (found.paths.length < most) found.paths.push(path);
      else found.isCut = true;
      if (found.others.length > mostOthers) found.isCut = true;
    }
  };
  await walk('', false, 0);
  return found;
}

/**
 * Opens a plain file of a tree that others may change meanwhile; undefined where there is none, or where it
 * is not the tree's own: by a link on the way, or by a hard link to what the steps' user could not read.
 *
 * @param uid who steps run as, where that is not us
 */
export async function openTreeFile(
  tree: string,
  path: string,
  uid?: number | undefined,
): Promise<{ file: FileHandle; size: number; mtimeMs: number } | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(join(tree, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) => {
    if (isNativeError(error) && 'code' in error) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    const isOwn = stat.nlink === 1 || uid === undefined || stat.uid === uid;
    if (stat.isFile() && isOwn && (await standsIn(tree, path, file, stat)))
      return { file, size: stat.size, mtimeMs: stat.mtimeMs };
  } catch (error) {
    await file.close();
    throw error;
  }
  await file.close();
  return undefined;
}

/** Where an open file is, says the kernel; a path says only where it was. */
async function standsIn(tree: string, path: string, file: FileHandle, { dev, ino }: Stats): Promise<boolean> {
  const top = (await realpath(tree)) + sep;
  if (process.platform === 'linux') return (await readlink(`/proc/self/fd/${file.fd}`)).startsWith(top);
  const real = await realpath(join(tree, path)).catch(() => '');
  const now = await lstat(real).catch(() => undefined);
  return real.startsWith(top) && now?.dev === dev && now.ino === ino;
}

/** A folder that has gone meanwhile, or that is closed to us, holds nothing. */
function ignoreGone(error: unknown): [] {
  if (isNativeError(error) && 'code' in error) return [];
  throw error;
}
