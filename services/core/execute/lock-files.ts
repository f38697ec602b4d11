import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deepestLock, isForeignFolder, isLockFile } from '../pipeline/index.ts';

const mostFolders = 500;

/** Whether a tree has a lock file: a look that takes a millisecond, before anything is loaded for caches. */
export function hasLockFile(tree: string): boolean {
  const folders = [{ path: tree, depth: 1 }];
  // The list grows while it is walked.
  for (const { path, depth } of folders)
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isFile() && isLockFile(entry.name)) return true;
      if (!entry.isDirectory() || depth === deepestLock || folders.length >= mostFolders) continue;
      if (!isForeignFolder(entry.name)) folders.push({ path: join(path, entry.name), depth: depth + 1 });
    }
  return false;
}
