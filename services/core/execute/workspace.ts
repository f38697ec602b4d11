import { chmod, chown, mkdir } from 'node:fs/promises';
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
export async function createWorkspace(folder: string, uid?: number): Promise<Workspace> {
  const workspace = {
    folder,
    tree: join(folder, 'tree'),
    home: join(folder, 'home'),
    scripts: join(folder, 'scripts'),
  };
  if (uid !== undefined) {
    await chown(folder, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
    await chmod(folder, 0o711);
  }
  await Promise.all(
    [workspace.tree, workspace.home, workspace.scripts].map((path) => mkdir(path, { mode: 0o755 })),
  );
  if (uid !== undefined)
    await Promise.all([workspace.tree, workspace.home].map((path) => chown(path, uid, uid)));
  return workspace;
}
