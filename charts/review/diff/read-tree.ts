import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { TreeError } from './tree.ts';

const largest = 256 * 1024 * 1024;

/**
 * `dist/` as it was: at a revision of the repository, or in a folder.
 *
 * @param base `origin/main`, a commit, or a folder that holds such a tree
 * @returns path below `dist/` → text
 * @throws TreeError where there is neither
 */
export function readBase(root: string, base: string): Map<string, string> {
  if (statSync(join(root, base), { throwIfNoEntry: false })?.isDirectory() === true)
    return readFolder(join(root, base));
  const revision = git(root, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${base}^{commit}`]);
  // Before the first commit there is nothing.
  if (revision === undefined && base === 'HEAD') return new Map();
  if (revision === undefined)
    throw new TreeError(
      `${base} is neither a revision of this repository nor a folder; expected one such as origin/main`,
    );
  const commit = revision.toString().trim();
  const listed = git(root, ['ls-tree', '-r', '-z', '--full-tree', commit, '--', 'dist/'])?.toString() ?? '';
  // `<mode> blob <object>\t<path>`: what is no plain file is no manifest.
  const blobs = listed.split('\0').flatMap((entry) => {
    const [, id = '', path = ''] = /^100(?:644|755) blob ([0-9a-f]+)\tdist\/(.+)$/s.exec(entry) ?? [];
    return id === '' ? [] : [{ id, path }];
  });
  const bytes =
    git(root, ['cat-file', '--batch'], blobs.map(({ id }) => `${id}\n`).join('')) ?? Buffer.alloc(0);
  const files = new Map<string, string>();
  let at = 0;
  for (const { path } of blobs) {
    const end = bytes.indexOf(10, at);
    const size = Number(bytes.subarray(at, end).toString().split(' ')[2]);
    files.set(path, bytes.subarray(end + 1, end + 1 + size).toString());
    at = end + 1 + size + 1;
  }
  return files;
}

/** @returns path below the folder → text; a folder that is not there is empty */
export function readFolder(folder: string): Map<string, string> {
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map(({ parentPath, name }) =>
    relative(folder, join(parentPath, name)).split(sep).join('/'),
  );
  return new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function git(root: string, args: readonly string[], input?: string): Buffer | undefined {
  const { status, stdout, error } = spawnSync('git', ['-C', root, ...args], { input, maxBuffer: largest });
  if (error !== undefined) throw new TreeError(`git cannot be run: ${error.message}`);
  return status === 0 ? stdout : undefined;
}
