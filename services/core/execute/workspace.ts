import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

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
