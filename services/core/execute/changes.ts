import { type CloneTarget, runGit, toGitEnvironment } from './git.ts';
import type { Workspace } from './workspace.ts';

export interface ChangesOptions {
  target: CloneTarget;
  sha: string;
  /** Where the branch stood. @default the commit's own parent */
  before?: string | undefined;
  /** Of a pull request: what it is to be merged into; its changes are those since they parted. */
  base?: string | undefined;
  workspace: Workspace;
  path: string;
  uid?: number | undefined;
  signal: AbortSignal;
}

/** How far back the place is looked for where a pull request has parted from its base. */
const depth = 250;

/**
 * Paths of the files that an event changed, as git tells them. What is missing is fetched: the job's tree has one
 * commit only.
 *
 * @returns undefined where that cannot be told: the forge does not have the commit before, the branches parted long
 * ago, or the paths are more than 64 KiB
 * @throws the signal's reason
 */
export async function readChanges(options: ChangesOptions): Promise<string[] | undefined> {
  const { target, sha, before, base, workspace, path, uid, signal } = options;
  const env = toGitEnvironment(target, workspace.home, path);
  const git = (...args: string[]) => runGit(args, { cwd: workspace.tree, env, uid, signal });
  const fetch = async (...args: string[]) => {
    const common = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--end-of-options'];
    const options = args.filter((one) => one.startsWith('--'));
    const what = args.filter((one) => !one.startsWith('--'));
    return (
      (await git(...common.slice(0, -1), ...options, '--end-of-options', target.url, ...what)).exitCode === 0
    );
  };
  const from = async (): Promise<string | undefined> => {
    if (base !== undefined) {
      const ref = `refs/bellows/base`;
      if (!(await fetch(`--depth=${depth}`, sha, `+refs/heads/${base}:${ref}`))) return undefined;
      const parted = await git('merge-base', ref, sha);
      return parted.exitCode === 0 ? parted.stdout.trim() : undefined;
    }
    if (before !== undefined) return (await fetch('--depth=1', before)) ? before : undefined;
    return (await fetch('--depth=2', sha)) ? `${sha}^` : undefined;
  };
  const start = await from();
  if (start === undefined) return undefined;
  const { exitCode, stdout } = await git(
    'diff',
    '--name-only',
    '--no-renames',
    '--no-ext-diff',
    '-z',
    start,
    sha,
    '--',
  );
  // A list that was cut off says nothing of what is missing.
  if (exitCode !== 0 || (stdout !== '' && !stdout.endsWith('\0'))) return undefined;
  return stdout.split('\0').filter((name) => name !== '');
}
