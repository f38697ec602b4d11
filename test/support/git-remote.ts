import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { signToken, verifyToken } from '../../services/core/access/index.ts';
import { createReaper } from '../../services/core/execute/index.ts';
import { createGate, type GateOptions } from '../../services/local/git-remote/gate.ts';
import { writeGitHome } from '../../services/local/git-remote/hooks.ts';
import type { Movement } from '../../services/local/git-remote/movement.ts';
import { createBareRepositories } from '../../services/local/git-remote/repositories.ts';
import { type GitRemoteOptions, openGitRemote } from '../../services/local/git-remote/server.ts';

export const pushPassword = 'push-password-of-the-test-00000000000';
const cloneKey = 'clone-key-of-the-test-0000000000000000';

export interface Pushed {
  code: number;
  stderr: string;
}

/** A real remote on a free port, a folder to work in, and what it was told of each push. */
export async function openTestRemote(given: Partial<GitRemoteOptions & GateOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'bellows-test-remote-'));
  const home = join(folder, 'git');
  const work = join(folder, 'work');
  await mkdir(join(home, 'repositories'), { recursive: true });
  await mkdir(work);
  const env = await writeGitHome(home, process.env.PATH ?? '');
  const reaper = createReaper();
  const repositories = createBareRepositories(join(home, 'repositories'), env);
  const told: { repository: string; movement: Movement }[] = [];
  const gate = createGate({ repair: async () => undefined, ...given });
  const port = await freePort();
  const errors: unknown[] = [];
  const remote = await openGitRemote({
    port,
    reaper,
    repositories,
    env,
    gate,
    secrets: {
      pushPassword,
      isCloneToken: (token, audience) => verifyToken(token, cloneKey, { purpose: 'clone', audience }),
    },
    delivery: {
      deliver: async (repository, movement) => {
        told.push({ repository, movement });
        return [`job of ${movement.ref}`];
      },
    },
    onPush: () => () => undefined,
    onError: (error) => errors.push(error),
    ...given,
  });
  const origin = `http://127.0.0.1:${port}`;
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('git', args, { cwd: work, env: toEnvironment(folder) });
    return stdout.trim();
  };

  return {
    origin,
    port,
    work,
    told,
    errors,
    gate,
    repositories,
    git,
    cloneToken: (repository: string, expiresAt = Date.now() + 60_000) =>
      signToken({ purpose: 'clone', audience: `local/${repository}`, expiresAt }, cloneKey),
    /** Git with this password, given by a credential helper as a person's git does. */
    asking: (password: string, ...args: string[]): Promise<Pushed> =>
      new Promise((resolve) => {
        const helper = `!f() { test "$1" = get && printf 'username=x\\npassword=%s\\n' "$TEST_PASSWORD"; }; f`;
        execFile(
          'git',
          ['-c', `credential.helper=${helper}`, ...args],
          { cwd: work, env: { ...toEnvironment(folder), TEST_PASSWORD: password } },
          (error, _, stderr) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), stderr }),
        );
      }),
    /** A commit of one file on the current branch. */
    commit: async (subject: string) => {
      await writeFile(join(work, 'file'), `${subject}\n${Math.random()}\n`);
      await git('add', '.');
      await git('commit', '--quiet', '--message', subject);
      return git('rev-parse', 'HEAD');
    },
    close: async () => {
      gate.stop();
      await remote.stop();
      await reaper.stop();
      await rm(folder, { recursive: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function toEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'A Uthor',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'A Uthor',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  };
}
