import { readDependency, toNewest } from './pinned.ts';
import { read, run } from './run.ts';

/** There are changes that an upgrade would mix with its own. */
export class DirtyError extends Error {
  override name = 'DirtyError';
}

/**
 * Installs another Bellows into a platform repository and renders it anew. What that changes lies in the working tree.
 *
 * @param to what npm installs as Bellows; undefined: the newest of where it is from
 * @returns what it was, and what it is now
 * @throws DirtyError, NoPlatformError, RunError
 */
export async function upgradePlatform(
  folder: string,
  to: string | undefined,
  note: (line: string) => void,
): Promise<{ from: string; to: string }> {
  const from = await readDependency(folder);
  const dirty = await read(folder, 'git', [
    'status',
    '--porcelain',
    '--',
    'dist',
    'package.json',
    'package-lock.json',
  ]);
  if (dirty === undefined || dirty !== '')
    throw new DirtyError(
      'dist/ or package.json have changes that are not committed; commit them first, so that the diff is of the upgrade alone',
    );
  const spec = to ?? (await toNewest(from));
  note(`installing ${spec} (it was ${from})`);
  const install = [
    'install',
    '--save-exact',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
    `bellows@${spec}`,
  ];
  await run(folder, 'npm', install, 'git restore . brings back what was');
  note('rendering dist/');
  await run(folder, 'npm', ['run', '--silent', 'synth'], 'git restore . brings back what was');
  return { from, to: await readDependency(folder) };
}
