/**
 * The way into `bellows up`: bundles the programs where their sources have changed, and becomes the bundle,
 * in the same process.
 */
import { availableParallelism, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { UsageError } from '../core/command/index.ts';
import { buildPrograms } from './bundle/build.ts';
import { parseOptions } from './options.ts';
import { restingFlags } from './process/memory.ts';

try {
  const args = process.argv.slice(2);
  // A wrong argument is said before anything is built.
  parseOptions(args, availableParallelism());
  const root = dirname(dirname(import.meta.dirname));
  const programs = await buildPrograms(root, process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'));
  process.env.BELLOWS_ROOT = root;
  process.env.BELLOWS_PROGRAMS = programs;
  const node = process.execPath;
  const flags = ['--disable-warning=ExperimentalWarning', ...restingFlags];
  process.execve?.(
    node,
    [node, ...flags, join(programs, 'up.mjs'), ...args],
    process.env as Record<string, string>,
  );
} catch (error) {
  const asked = error instanceof UsageError && error.exitCode === 0;
  const message = error instanceof Error ? error.message : String(error);
  (asked ? process.stdout : process.stderr).write(asked ? `${message}\n` : `bellows up: ${message}\n`);
  process.exitCode = error instanceof UsageError ? error.exitCode : 1;
}
