import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import type { Files } from './unit.ts';

/**
 * Makes a folder hold exactly these files. Where one differs, the whole is made aside and takes the folder's place, so
 * that an error or a kill on the way leaves the folder as it was, or gone for the moment until `recoverTree`. A file that
 * is the same stays the same one; where all are, nothing is touched.
 */
export function writeTree(folder: string, files: Files): void {
  recoverTree(folder);
  mkdirSync(folder, { recursive: true });
  const same = new Set(
    [...files].flatMap(([path, text]) => (readText(join(folder, path)) === text ? [path] : [])),
  );
  if (same.size === files.size && !hasOthers(folder, files)) return;
  const { place, next, before } = toPlaces(folder);
  try {
    for (const [path, text] of files) {
      const file = join(next, path);
      mkdirSync(dirname(file), { recursive: true });
      if (same.has(path)) linkOrCopy(join(place, path), file);
      else writeFileSync(file, text);
    }
    mkdirSync(next, { recursive: true });
    if (movedAway(place, before)) renameSync(next, place);
    else moveEach(next, place, files, same);
  } finally {
    recoverTree(folder);
  }
}

/** Mends what a writer left that was killed: the folder is what it was before, or what it was to become. */
export function recoverTree(folder: string): void {
  const { place, next, before } = toPlaces(folder);
  // Only for as long as it takes to put the new one there is the folder away, and what was there is whole.
  if (existsSync(before) && !existsSync(place)) renameSync(before, place);
  for (const left of [next, before]) rmSync(left, { recursive: true, force: true });
}

/**
 * Lets `cdk8s synth` see a folder as its own output: it deletes its output folder before it starts the app,
 * which harms a link but not what the link points to.
 */
export function linkTree(link: string, folder: string): void {
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  symlinkSync(relative(dirname(resolve(link)), resolve(folder)), link);
}

/** Beside the folder, not in the temporary one: a rename works only inside one file system. */
function toPlaces(folder: string): { place: string; next: string; before: string } {
  const place = existsSync(folder) ? realpathSync(folder) : resolve(folder);
  const beside = (what: string) => join(dirname(place), `.${basename(place)}.${what}`);
  return { place, next: beside('next'), before: beside('before') };
}

/** False for a folder that something is mounted on, or that is of a lower layer of an image: its files can be moved. */
function movedAway(place: string, before: string): boolean {
  try {
    renameSync(place, before);
    return true;
  } catch (error) {
    const stays =
      error instanceof Error && 'code' in error && ['EBUSY', 'EXDEV'].includes(String(error.code));
    if (stays) return false;
    throw error;
  }
}

function moveEach(next: string, place: string, files: Files, same: ReadonlySet<string>): void {
  for (const path of [...files.keys()].filter((path) => !same.has(path))) {
    mkdirSync(dirname(join(place, path)), { recursive: true });
    renameSync(join(next, path), join(place, path));
  }
  for (const path of filesIn(place)) if (!files.has(path)) rmSync(join(place, path));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Asked at each run, so each folder is read once, and nothing else. */
function hasOthers(folder: string, files: Files): boolean {
  const known = new Map([['.', new Set<string>()]]);
  for (const path of files.keys())
    for (let [inner, outer] = [path, dirname(path)]; ; [inner, outer] = [outer, dirname(outer)]) {
      const entries = known.get(outer);
      if (entries === undefined) known.set(outer, new Set([basename(inner)]));
      else entries.add(basename(inner));
      if (entries !== undefined || outer === '.') break;
    }
  return [...known].some(([path, entries]) =>
    readdirSync(join(folder, path)).some((entry) => !entries.has(entry)),
  );
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)));
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // Not every file system has two names for a file.
    copyFileSync(from, to);
  }
}
