import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import type { Files } from './unit.ts';

/**
 * Makes a folder hold exactly these files. What changed is first written aside, whole, then moved into place,
 * so that an error on the way leaves the folder as it was; an unchanged file is not touched.
 */
export function writeTree(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true });
  const changed = [...files].filter(([path, text]) => readText(join(folder, path)) !== text);
  if (changed.length > 0) {
    // Beside it, not in the temporary folder: a rename works only inside one file system.
    const aside = mkdtempSync(`${resolve(folder)}-`);
    try {
      for (const [path, text] of changed) writeText(join(aside, path), text);
      for (const [path] of changed) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        renameSync(join(aside, path), join(folder, path));
      }
    } finally {
      rmSync(aside, { recursive: true });
    }
  }
  removeOthers(folder, new Set([...files.keys()].map((path) => join(folder, path))));
}

/**
 * Lets `cdk8s synth` see a folder as its own output: it deletes its output folder before it starts the app,
 * which harms a link but not what the link points to.
 */
export function linkTree(link: string, folder: string): void {
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
  symlinkSync(relative(dirname(resolve(link)), resolve(folder)), link);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function writeText(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function removeOthers(folder: string, keep: ReadonlySet<string>): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      removeOthers(path, keep);
      if (readdirSync(path).length === 0) rmdirSync(path);
    } else if (!keep.has(path)) {
      rmSync(path);
    }
  }
}
