import { constants } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isNativeError } from 'node:util/types';
import { findPipelineFiles, limits, pipelineFolder } from '../pipeline/index.ts';

/** What a plan is made from: the tree's top, folders with a slash at the end, and its pipeline files. */
export interface Tree {
  names: string[];
  pipelineFiles: string[];
}

export async function readTree(folder: string): Promise<Tree> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => {
    if (entry.isDirectory()) return [`${entry.name}/`];
    return entry.isFile() ? [entry.name] : [];
  });
  const inFolder = names.includes(pipelineFolder) ? await readdir(join(folder, pipelineFolder)) : [];
  const pipelineFiles = findPipelineFiles([...names, ...inFolder.map((name) => pipelineFolder + name)]);
  return { names, pipelineFiles };
}

/**
 * The text of a file of the tree, or undefined where it is no plain file or too large. The tree is
 * somebody else's: a link in it may point to our own secrets, and a fifo would never answer.
 */
export async function readTreeFile(folder: string, path: string): Promise<string | undefined> {
  const [first = '', ...rest] = path.split('/');
  if (rest.length > 0 && !(await lstat(join(folder, first))).isDirectory()) return undefined;
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const file = await open(join(folder, path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > limits.bytes) return undefined;
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isNativeError(error) && 'code' in error) return undefined;
    throw error;
  }
}
