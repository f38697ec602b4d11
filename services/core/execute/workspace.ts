import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type Isolation, toViewedPath } from './isolation.ts';

/** The folders of one job. */
export interface Workspace {
  folder: string;
  /** The repository's files. */
  tree: string;
  /** Empty at first; steps share it. */
  home: string;
  /** What the steps run; theirs to read only. */
  scripts: string;
}

/**
 * Makes the folders of a job in an existing folder.
 *
 * @param uid who steps run as, where that is not us: the tree and the home are theirs; the rest stays
 *   ours, since what root writes must not stand in a folder that a step can change.
 */
export function createWorkspace(folder: string, uid?: number): Workspace {
  const workspace = {
    folder,
    tree: join(folder, 'tree'),
    home: join(folder, 'home'),
    scripts: join(folder, 'scripts'),
  };
  if (uid !== undefined) {
    chownSync(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    chmodSync(folder, 0o711);
  }
  // At once: a folder takes microseconds to make, and a thread that makes it milliseconds to answer.
  for (const path of [workspace.tree, workspace.home, workspace.scripts]) mkdirSync(path, { mode: 0o755 });
  if (uid !== undefined) for (const path of [workspace.tree, workspace.home]) chownSync(path, uid, uid);
  return workspace;
}

/** The same folders, where steps see them. */
export function toSeen({ folder, tree, home, scripts }: Workspace, { view }: Isolation): Workspace {
  const at = (path: string) => toViewedPath(path, view);
  return { folder: at(folder), tree: at(tree), home: at(home), scripts: at(scripts) };
}

/** The directory itself, where it is one below the tree, links followed. */
export async function findDirectory(tree: string, directory: string): Promise<string | undefined> {
  try {
    const [top, found] = await Promise.all([realpath(tree), realpath(join(tree, directory))]);
    const isInside = found === top || found.startsWith(top + sep);
    return isInside && (await stat(found)).isDirectory() ? found : undefined;
  } catch {
    return undefined;
  }
}
