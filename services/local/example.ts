import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const exampleName = 'example/wrap';

export interface ExampleOptions {
  /** What the repository holds. */
  files: string;
  /** Of the git remote. */
  origin: string;
  /** The credential helper's path. */
  helper: string;
  /** To find git. */
  path: string;
}

/**
 * Makes the example repository and pushes it, by the same way as a person does.
 *
 * @returns what the remote said to the pusher
 */
export async function pushExample(options: ExampleOptions): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-example-'));
  const git = (...args: string[]) =>
    promisify(execFile)('git', args, {
      cwd: folder,
      timeout: 60_000,
      env: {
        PATH: options.path,
        HOME: folder,
        GIT_CONFIG_NOSYSTEM: '1',
        GIT_TERMINAL_PROMPT: '0',
        ...toIdentity('Bellows', 'bellows@localhost'),
        GIT_CONFIG_COUNT: '1',
        GIT_CONFIG_KEY_0: `credential.${options.origin}.helper`,
        GIT_CONFIG_VALUE_0: `!'${options.helper.replaceAll("'", "'\\''")}'`,
      },
    });
  try {
    await cp(options.files, folder, { recursive: true });
    await git('init', '--quiet', '--initial-branch=main');
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'Fold text to a width');
    const { stderr } = await git('push', `${options.origin}/${exampleName}.git`, 'main');
    return stderr
      .split('\n')
      .filter((line) => line.startsWith('remote:'))
      .map((line) => line.slice('remote:'.length).trim())
      .filter((line) => line !== '');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function toIdentity(name: string, email: string): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
}
