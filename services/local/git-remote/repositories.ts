import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { isRepositoryName } from './route.ts';

/** The bare repositories of the remote, `<owner>/<name>.git` below one folder. */
export interface BareRepositories {
  toPath(name: string): string;
  has(name: string): Promise<boolean>;
  /** Makes an empty one; one that is there already stays as it is. */
  create(name: string): Promise<void>;
  list(): Promise<string[]>;
  /** What HEAD names, or, where that branch does not exist, the first one that does: HEAD then follows. */
  readDefaultBranch(name: string): Promise<string>;
}

const gitTimeoutMs = 30_000;

/** @param env that of git (hooks.ts) */
export function createBareRepositories(folder: string, env: Record<string, string>): BareRepositories {
  const toPath = (name: string) => {
    if (!isRepositoryName(name)) throw new Error(`${JSON.stringify(name)} is not <owner>/<name>`);
    return join(folder, `${name}.git`);
  };
  const git = async (cwd: string, ...args: string[]) => {
    const { stdout } = await promisify(execFile)('git', args, { cwd, env, timeout: gitTimeoutMs });
    return stdout.trim();
  };
  const exists = (path: string) =>
    access(path).then(
      () => true,
      () => false,
    );

  return {
    toPath,
    has: (name) => exists(toPath(name)),
    create: async (name) => {
      const path = toPath(name);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      // Under a name that no request can reach, so that nobody meets a half-made one.
      const draft = join(folder, `.new-${randomBytes(8).toString('hex')}`);
      try {
        await git(folder, 'init', '--quiet', '--bare', '--template=', draft);
        await rename(draft, path);
      } catch (error) {
        if (!(await exists(path))) throw error;
      } finally {
        await rm(draft, { recursive: true, force: true });
      }
    },
    list: async () => {
      const names: string[] = [];
      for (const owner of await readdir(folder, { withFileTypes: true })) {
        if (!owner.isDirectory() || owner.name.startsWith('.')) continue;
        for (const entry of await readdir(join(folder, owner.name))) {
          const name = `${owner.name}/${entry.replace(/\.git$/, '')}`;
          if (entry.endsWith('.git') && isRepositoryName(name)) names.push(name);
        }
      }
      return names.sort();
    },
    readDefaultBranch: async (name) => {
      const path = toPath(name);
      const refs = (await git(path, 'for-each-ref', '--format=%(refname)', 'refs/heads')).split('\n');
      const head = await git(path, 'symbolic-ref', 'HEAD');
      const [first = ''] = refs;
      if (refs.includes(head) || first === '') return head.replace(/^refs\/heads\//, '');
      await git(path, 'symbolic-ref', 'HEAD', first);
      return first.replace(/^refs\/heads\//, '');
    },
  };
}
