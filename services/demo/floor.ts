import { spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type BareRemote, openBareRemote } from './bare-remote.ts';
import { createGit, makeCommit, makeWorkingCopy } from './git.ts';
import type { Floor } from './times.ts';

/** What no CI on this machine can be faster than, measured beside it: the same push, a Node, a clone. */
export interface FloorMeter {
  measure(): Promise<Floor>;
  close(): Promise<void>;
}

export interface FloorOptions {
  /** A folder for its repositories. */
  work: string;
  env: Record<string, string>;
  node: string;
  /** The same files as in the repository that it is compared with. */
  files: Readonly<Record<string, string>>;
}

export async function openFloor({ work, env, node, files }: FloorOptions): Promise<FloorMeter> {
  const git = createGit(env);
  const root = join(work, 'floor');
  const bare = join(root, 'bare.git');
  const copy = join(root, 'copy');
  await mkdir(root, { recursive: true });
  await git.must(['init', '--quiet', '--bare', bare], root);
  await git.must(['config', 'http.receivepack', 'true'], bare);
  await makeWorkingCopy(git, copy, files);
  const remote: BareRemote = await openBareRemote(root, env);
  const url = `${remote.url}/bare.git`;

  return {
    measure: async () => {
      await makeCommit(git, copy, 'The floor');
      const push = await timeOf(() => git.must(['push', '--quiet', url, 'HEAD:refs/heads/main'], copy));
      const bareNode = await timeOf(() => runNode(node, env));
      const clone = join(root, 'clone');
      const cloned = await timeOf(() => git.must(['clone', '--quiet', '--depth', '1', url, clone], root));
      await rm(clone, { recursive: true });
      return { push, node: bareNode, clone: cloned };
    },
    close: () => remote.close(),
  };
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function runNode(node: string, env: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(node, ['-e', '0'], { env, stdio: 'ignore', timeout: 10_000 });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`node -e 0 ended with ${code}`))));
  });
}
