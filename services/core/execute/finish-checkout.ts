import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CloneOptions } from '../pipeline/index.ts';
import { CheckoutError, type CheckoutOptions, toReason } from './checkout.ts';
import { type CloneTarget, runGit, toGitEnvironment } from './git.ts';
import { readTreeFile } from './tree.ts';

export interface FinishOptions extends Omit<CheckoutOptions, 'meanwhile'> {
  clone: CloneOptions;
  /** Somebody else wrote what is here: neither submodules nor LFS, which ask other places that they name. */
  isForeign: boolean;
  /** Takes a line that people should know. */
  say(line: string): void | Promise<void>;
}

/**
 * What a plan asks of the clone beyond the files of its commit: it is read from them, so the rest comes after.
 *
 * @throws CheckoutError, or the signal's reason.
 */
export async function finishCheckout(options: FinishOptions): Promise<void> {
  const { clone, isForeign, workspace, target, sha, ref, path, uid, signal, say } = options;
  const { tree } = workspace;
  if (clone.skip) return clear(tree);
  const env = toGitEnvironment(target, workspace.home, path);
  const git = (...args: string[]) => runGit(args, { cwd: tree, env, uid, signal });
  const need = async (what: string, ...args: string[]) => {
    const done = await git(...args);
    if (done.exitCode !== 0) throw new CheckoutError(`${what} cannot be fetched: ${toReason(done)}`);
  };
  const fetch = ['fetch', '--quiet', '--no-write-fetch-head'];
  const { depth = 1 } = clone;
  if (depth !== 1) {
    const history = [
      ...(depth === 0 ? ['--unshallow'] : [`--depth=${depth}`]),
      ...(clone.partial === true ? ['--filter=blob:none'] : []),
      '--no-tags',
      '--end-of-options',
      // By its name, so that git knows where what is left out can be had.
      clone.partial === true ? 'origin' : target.url,
    ];
    const byId = await git(...fetch, ...history, sha);
    if (byId.exitCode !== 0) await need('the history', ...fetch, ...history, ref);
  }
  const reach = depth === 0 ? [] : [`--depth=${depth}`];
  if (clone.tags)
    await need('the tags', ...fetch, ...reach, '--end-of-options', target.url, '+refs/tags/*:refs/tags/*');
  if (clone.submodules && isForeign) await say('Submodules are not fetched for what a stranger wrote.');
  else if (clone.submodules)
    await need(
      `a submodule, which must be of ${new URL(target.url).origin},`,
      ...toOwnForge(target.url),
      ...['submodule', '--quiet', 'update', '--init', '--recursive', '--depth=1'],
    );
  if (clone.lfs && (await namesLfs(tree))) {
    if (isForeign) await say('Files in Git LFS stay pointers for what a stranger wrote.');
    else if ((await git('lfs', 'version')).exitCode !== 0)
      await say('Files in Git LFS stay pointers: there is no git-lfs here.');
    else {
      await need('a file in Git LFS', ...toOwnLfs(target), 'lfs', 'pull');
      // For the git of the steps, which would take each of these files for changed.
      for (const [key, value] of lfsFilters) await need('Git LFS', 'config', '--local', key, value);
    }
  }
}

/** Other forges than the repository's own are rewritten to a protocol that is not allowed: git takes the longest match. */
function toOwnForge(url: string): string[] {
  const own = `${new URL(url).origin}/`;
  const settings = [`url.${own}.insteadOf=${own}`];
  for (const other of ['http://', 'https://']) settings.push(`url.elsewhere://.insteadOf=${other}`);
  return settings.flatMap((setting) => ['-c', setting]);
}

const lfsFilters = [
  ['filter.lfs.clean', 'git-lfs clean -- %f'],
  ['filter.lfs.smudge', 'git-lfs smudge -- %f'],
  // Where it is set, if to nothing, the others count for nothing.
  ['filter.lfs.process', 'git-lfs filter-process'],
] as const;

/** Whatever the tree's `.lfsconfig` says. Without filters git-lfs writes no file, and does not fail. */
function toOwnLfs({ url: own, through }: CloneTarget): string[] {
  const url = through === undefined ? own : own.replace(through.of, through.at);
  const place = `${url.replace(/\/+$/, '').replace(/(?:\.git)?$/, '.git')}/info/lfs`;
  return [`lfs.url=${place}`, ...lfsFilters.map((setting) => setting.join('='))].flatMap((each) => [
    '-c',
    each,
  ]);
}

/** Whether there is anything to do, so that most jobs load nothing for it. */
export async function isUnfinished(
  tree: string,
  { skip, depth = 1, lfs, submodules, tags }: CloneOptions,
): Promise<boolean> {
  return skip || depth !== 1 || submodules || tags || (lfs && (await namesLfs(tree)));
}

async function namesLfs(tree: string): Promise<boolean> {
  return (await readTreeFile(tree, '.gitattributes'))?.includes('filter=lfs') === true;
}

async function clear(tree: string): Promise<void> {
  for (const name of await readdir(tree)) await rm(join(tree, name), { recursive: true, force: true });
}
