import { join } from 'node:path';
import { createGit, type Git, type GitResult, makeCommit, makeWorkingCopy, readSentAt } from './git.ts';
import type { Movement } from './ledger.ts';

/** A repository of the demo: a working copy here, and where it is pushed to. */
export interface Copy {
  folder: string;
  /** As the api calls it. */
  repository: string;
  url: string;
  branch: string;
}

export interface Push {
  movement: Movement;
  result: GitResult;
  /** The job whose address the push printed. */
  job?: string;
}

/** The git remote of the edition, and the working copies that are pushed to it. */
export interface Remote {
  make(name: string, pipeline: string): Promise<Copy>;
  /** @returns the new commit's id */
  commit(copy: Copy, subject: string): Promise<string>;
  push(copy: Copy): Promise<Push>;
  /** The same, and when its pack was on the wire. */
  pushTimed(copy: Copy): Promise<Push & { sentAt: number }>;
  /** Where the remote's branch stands. */
  head(copy: Copy): Promise<string | undefined>;
}

export interface RemoteOptions {
  /** A folder for the working copies. */
  work: string;
  url: string;
  env: Record<string, string>;
  git?: Git;
}

export function createRemote({ work, url, env, git = createGit(env) }: RemoteOptions): Remote {
  const toPush = async (copy: Copy, more?: Record<string, string>): Promise<Push> => {
    const ref = `refs/heads/${copy.branch}`;
    const sha = await git.must(['rev-parse', 'HEAD'], copy.folder);
    const result = await git.run(['push', copy.url, `HEAD:${ref}`], copy.folder, more);
    const job = toJob(result.stderr);
    return {
      movement: { repository: copy.repository, ref, sha },
      result,
      ...(job === undefined ? {} : { job }),
    };
  };
  return {
    make: async (name, pipeline) => {
      const folder = join(work, name);
      await makeWorkingCopy(git, folder, { '.bellows.yaml': pipeline });
      return {
        folder,
        repository: `local/demo/${name}`,
        url: new URL(`demo/${name}.git`, url.endsWith('/') ? url : `${url}/`).href,
        branch: 'main',
      };
    },
    commit: (copy, subject) => makeCommit(git, copy.folder, subject),
    push: (copy) => toPush(copy),
    pushTimed: async (copy) => {
      const trace = join(work, `trace-${crypto.randomUUID()}.json`);
      const push = await toPush(copy, { GIT_TRACE2_EVENT: trace });
      return { ...push, sentAt: (await readSentAt(trace)) ?? push.result.startedAt };
    },
    head: async (copy) => {
      const { stdout } = await git.run(['ls-remote', copy.url, `refs/heads/${copy.branch}`], copy.folder);
      return /^[0-9a-f]{40,64}/.exec(stdout)?.[0];
    },
  };
}

/** The address of a job's page in what a push printed. */
export function toJob(printed: string): string | undefined {
  return /\/jobs\/([0-9a-f]{20})\b/.exec(printed)?.[1];
}
