import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Where a person's own working tree stands. */
export interface Head {
  /** Undefined where no branch is checked out. */
  branch: string | undefined;
  sha: string;
  /** First line of the commit's message. */
  subject: string;
  author: string;
}

/**
 * Asks git where a folder stands, or undefined where that is no repository, or one without a commit. For
 * folders of whoever runs us: their own settings of git hold.
 */
export async function readHead(folder: string, env: Record<string, string>): Promise<Head | undefined> {
  const settings = ['log.showSignature=false', 'core.fsmonitor=false'].flatMap((setting) => ['-c', setting]);
  const git = async (...args: string[]) => {
    const options = { cwd: folder, env: { ...env, LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0' }, timeout: 10_000 };
    return (await promisify(execFile)('git', [...settings, ...args], options)).stdout.trimEnd();
  };
  try {
    const [sha = '', author = '', subject = ''] = (await git('log', '-1', '--format=%H%n%an%n%s')).split(
      '\n',
    );
    const branch = await git('symbolic-ref', '--quiet', '--short', 'HEAD').catch(() => undefined);
    return { branch, sha, subject, author };
  } catch {
    return undefined; // git says why only in words, and all of them mean: nothing is known here
  }
}
