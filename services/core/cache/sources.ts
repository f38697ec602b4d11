import { hash } from 'node:crypto';
import { type Dirent, lstatSync, readdirSync, readFileSync, type Stats, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { createBreath } from './breath.ts';

/**
 * What tells that a file is still what it was, without reading it: nobody can set the time of the last
 * change of an inode back.
 */
export interface Stamp {
  size: number;
  mtimeUs: number;
  ctimeMs: number;
  ino: number;
}

/** A path of the tree → hash of its content and when it was written, µs. Of a folder: of the names in it. */
export type Manifest = ReadonlyMap<string, { hash: string; mtimeUs: number }>;

/** A commit's own files as they were checked out. Folders have a slash at their end; the top is `/`. */
export interface Sources {
  files: Map<string, Stamp>;
  /** Folder → hash of its names, and its mtime. */
  folders: Map<string, { hash: string; mtimeUs: number }>;
}

const mostFiles = 300_000;

export class TooManyFiles extends Error {
  override name = 'TooManyFiles';
}

export function toStamp({ size, mtimeMs, ctimeMs, ino }: Stats): Stamp {
  return { size, mtimeUs: Math.floor(mtimeMs * 1000), ctimeMs, ino };
}

export function isSame(a: Stamp, b: Stamp): boolean {
  return a.size === b.size && a.mtimeUs === b.mtimeUs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}

/** @param skipped paths of the tree that are none of the commit's. @throws TooManyFiles */
export async function readSources(tree: string, skipped: ReadonlySet<string>): Promise<Sources> {
  const sources: Sources = { files: new Map(), folders: new Map() };
  const breathe = createBreath();
  const waiting = [''];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const entries = listFolder(tree, folder, skipped);
    for (const entry of entries) {
      const path = folder + entry.name;
      if (entry.isDirectory()) waiting.push(`${path}/`);
      else if (entry.isFile()) sources.files.set(path, toStamp(lstatSync(join(tree, path))));
    }
    const mtimeUs = Math.floor(lstatSync(join(tree, folder)).mtimeMs * 1000);
    sources.folders.set(folder === '' ? '/' : folder, { hash: toHash(toNames(entries)), mtimeUs });
    if (sources.files.size > mostFiles) throw new TooManyFiles(`the tree has more than ${mostFiles} files`);
    await breathe();
  }
  return sources;
}

export async function hashFiles(tree: string, paths: Iterable<string>): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  const breathe = createBreath();
  for (const path of paths) {
    hashes.set(path, toHash(readFileSync(join(tree, path))));
    await breathe();
  }
  return hashes;
}

/** Of these files' contents and names. */
export async function toKey(tree: string, files: readonly string[]): Promise<string> {
  const hashes = await hashFiles(tree, files);
  return toHash(files.map((file) => `${file}\0${hashes.get(file)}\n`).join(''));
}

/**
 * Gives each file whose content is that of every manifest the time that it had there, the oldest; every other
 * file and folder gets now. So a build tool that compares times finds changed what has changed since any of
 * these builds, and nothing else. To make a time from the content alone would not do: after X → Y → X the file
 * would be older than what was built from Y.
 *
 * @param nowUs later than anything that was built
 * @returns the hashes, and the tree with its new stamps
 */
export async function restoreTimes(
  tree: string,
  { files, folders }: Sources,
  manifests: readonly Manifest[],
  nowUs: number,
): Promise<{ sources: Sources; hashes: Map<string, string> }> {
  const breathe = createBreath();
  const hashes = await hashFiles(tree, files.keys());
  const after: Sources = { files: new Map(), folders: new Map() };
  for (const [path, own] of hashes) {
    const seconds = toSeconds(toTime(manifests, path, own, nowUs));
    utimesSync(join(tree, path), seconds, seconds);
    after.files.set(path, toStamp(lstatSync(join(tree, path))));
    await breathe();
  }
  for (const [path, own] of folders) {
    const mtimeUs = toTime(manifests, path, own.hash, nowUs);
    utimesSync(join(tree, path), toSeconds(mtimeUs), toSeconds(mtimeUs));
    after.folders.set(path, { hash: own.hash, mtimeUs });
  }
  return { sources: after, hashes };
}

function toTime(manifests: readonly Manifest[], path: string, own: string, nowUs: number): number {
  const times = manifests.map((manifest) => {
    const known = manifest.get(path);
    return known?.hash === own ? known.mtimeUs : nowUs;
  });
  return times.some((time) => time === nowUs) ? nowUs : Math.min(nowUs, ...times);
}

/**
 * The manifest of the tree that a job has built from: of what is still as it was before the first step. What a
 * step has written itself is left out, and so counts as changed the next time.
 *
 * @param hashes those that are known already
 */
export async function toManifest(
  tree: string,
  { files, folders }: Sources,
  skipped: ReadonlySet<string>,
  hashes: ReadonlyMap<string, string>,
): Promise<Manifest> {
  const manifest = new Map<string, { hash: string; mtimeUs: number }>();
  const breathe = createBreath();
  for (const [path, stamp] of files) {
    const now = lstatSync(join(tree, path), { throwIfNoEntry: false });
    if (now === undefined || !isSame(stamp, toStamp(now))) continue;
    const own = hashes.get(path) ?? toHash(readFileSync(join(tree, path)));
    manifest.set(path, { hash: own, mtimeUs: stamp.mtimeUs });
    await breathe();
  }
  // A build makes files in folders, which changes their time; what counts is whether the names are the same.
  for (const [path, folder] of folders)
    if (toFolderHash(tree, path === '/' ? '' : path, skipped) === folder.hash) manifest.set(path, folder);
  return manifest;
}

function toFolderHash(tree: string, folder: string, skipped: ReadonlySet<string>): string | undefined {
  const found = lstatSync(join(tree, folder), { throwIfNoEntry: false });
  if (found?.isDirectory() !== true) return undefined;
  return toHash(toNames(listFolder(tree, folder, skipped)));
}

function listFolder(tree: string, folder: string, skipped: ReadonlySet<string>): Dirent[] {
  return readdirSync(join(tree, folder), { withFileTypes: true }).filter(
    ({ name }) => folder + name !== '.git' && !skipped.has(folder + name),
  );
}

function toNames(entries: readonly Dirent[]): string {
  return entries
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
    .sort()
    .join('\0');
}

/** Seconds as a number are exact to a quarter of a microsecond: a bit more, so that it is not the one before. */
export function toSeconds(us: number): number {
  return (us + 0.3) / 1e6;
}

function toHash(data: string | Uint8Array): string {
  return hash('sha256', data, 'base64url').slice(0, 27);
}
