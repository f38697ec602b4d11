import { hash } from 'node:crypto';
import { chownSync, closeSync, mkdirSync, openSync, readdirSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { refSchema, shaSchema } from '../job/index.ts';
import { type Commit, parseCommit } from './commit.ts';
import { type CloneTarget, type GitEnd, runGit, toGitEnvironment } from './git.ts';
import type { Workspace } from './workspace.ts';

export interface CheckoutOptions {
  target: CloneTarget;
  ref: string;
  sha: string;
  workspace: Workspace;
  path: string;
  uid?: number | undefined;
  signal: AbortSignal;
  /** Called once, when git works: for what can be done while it does. */
  meanwhile?: () => void;
}

/** The forge does not answer, or refuses us, or this machine cannot: it may go better another time. */
export class CheckoutError extends Error {
  override name = 'CheckoutError';
}

/** The forge answers, and does not have the commit any more. */
export class CommitGoneError extends Error {
  override name = 'CommitGoneError';
}

/**
 * Puts the files of one commit into the workspace's tree: a shallow fetch of exactly this commit, and
 * where the forge does not give commits by their id, of its ref with its history.
 *
 * @returns what the commit says of itself, asked for while its files are written
 * @throws CheckoutError, CommitGoneError, or the signal's reason.
 */
export async function checkout(options: CheckoutOptions): Promise<Commit> {
  const { target, ref, sha, workspace, path, uid, signal, meanwhile } = options;
  refSchema.parse(ref);
  shaSchema.parse(sha);
  const env = toGitEnvironment(target, workspace.home, path);
  createRepository(workspace, target.url, sha, uid);
  const git = (...args: string[]) => runGit(args, { cwd: workspace.tree, env, uid, signal });
  const fetch = (...args: string[]) =>
    git(
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      ...args.slice(0, -1),
      '--end-of-options',
      target.url,
      args.at(-1) ?? sha,
    );

  const fetching = fetch('--depth=1', sha);
  meanwhile?.();
  if ((await fetching).exitCode !== 0) {
    const asked = await git('ls-remote', '--exit-code', '--end-of-options', target.url, ref);
    // 2 is git's word for "it answers, and has no such ref"; anything else is trouble on the way.
    if (asked.exitCode === 2) throw new CommitGoneError(`${ref} is not there any more`);
    if (asked.exitCode !== 0) throw new CheckoutError(`the repository cannot be fetched: ${toReason(asked)}`);
    const fetched = await fetch(ref);
    if (fetched.exitCode !== 0)
      throw new CheckoutError(`the repository cannot be fetched: ${toReason(fetched)}`);
    const found = await git('cat-file', '-e', `${sha}^{commit}`);
    if (found.exitCode !== 0)
      throw new CommitGoneError(`commit ${sha.slice(0, 12)} is not in ${ref} any more`);
  }
  const [done, commit] = await Promise.all([
    git('checkout', '--quiet', '--force', '--detach', sha),
    readPackedCommit(workspace.tree, sha) ?? git('cat-file', 'commit', sha).then(({ stdout }) => stdout),
  ]);
  if (done.exitCode !== 0) throw new CheckoutError(`the files cannot be written: ${toReason(done)}`);
  return parseCommit(commit);
}

const largestCommit = 1 << 20;
const mostRead = 64 * 1024;

/**
 * A commit as git has just fetched it, which saves a process beside the one that writes the files: the first object of
 * the pack, where its id says that it is this one (gitformat-pack). Undefined where it stands elsewhere.
 */
function readPackedCommit(tree: string, sha: string): string | undefined {
  const folder = join(tree, '.git', 'objects', 'pack');
  try {
    const name = readdirSync(folder).find((each) => each.endsWith('.pack')) ?? '';
    const pack = readStart(join(folder, name));
    // Behind `PACK`, version and count: type and size, as bytes of which all but the last have their highest bit set.
    let at = 12;
    while ((pack[at] ?? 0) >= 0x80) at += 1;
    const text = inflateSync(pack.subarray(at + 1), { maxOutputLength: largestCommit });
    const object = Buffer.concat([Buffer.from(`commit ${text.length}\0`), text]);
    return hash(sha.length === 64 ? 'sha256' : 'sha1', object, 'hex') === sha ? text.toString() : undefined;
  } catch {
    return undefined; // there is none, or its first object is larger
  }
}

function readStart(file: string): Buffer {
  const opened = openSync(file, 'r');
  try {
    const bytes = Buffer.alloc(mostRead);
    return bytes.subarray(0, readSync(opened, bytes));
  } finally {
    closeSync(opened);
  }
}

/** What `git init` makes, without a process more: gitrepository-layout(5). */
function createRepository({ tree }: Workspace, url: string, sha: string, uid: number | undefined): void {
  const git = join(tree, '.git');
  const isSha256 = sha.length === 64;
  const config = [
    '[core]',
    `\trepositoryformatversion = ${isSha256 ? 1 : 0}`,
    '\tbare = false',
    ...(isSha256 ? ['[extensions]', '\tobjectFormat = sha256'] : []),
    // For tools that ask where the tree comes from. A URL has neither quotes nor backslashes.
    '[remote "origin"]',
    `\turl = "${new URL(url).href.replaceAll(/["\\\n]/g, encodeURIComponent)}"`,
    '',
  ];
  const folders = [git, join(git, 'objects'), join(git, 'refs')];
  for (const folder of folders) mkdirSync(folder);
  const files = { HEAD: 'ref: refs/heads/main\n', config: config.join('\n') };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(git, name), text);
  if (uid === undefined) return;
  for (const path of [...folders, ...Object.keys(files).map((name) => join(git, name))])
    chownSync(path, uid, uid);
}

/** Git's last line that says something. */
export function toReason({ exitCode, stderr }: GitEnd): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1)?.slice(0, 300) ?? `git ended with exit code ${exitCode}`;
}
