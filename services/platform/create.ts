import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Answers, toFiles } from './files.ts';
import { toPins } from './pinned.ts';
import { read, run } from './run.ts';

/** The folder is somebody's already. */
export class FolderError extends Error {
  override name = 'FolderError';
}

export interface CreateOptions {
  readonly folder: string;
  /** Of this Bellows. */
  readonly root: string;
  readonly bellows?: string | undefined;
  readonly install: boolean;
  readonly note: (line: string) => void;
}

/** @throws FolderError where something is there already */
export async function refuseUsed(folder: string): Promise<void> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new FolderError(`${folder} cannot be used: ${error.message}`);
  });
  if (entries.length > 0) throw new FolderError(`${folder} is not empty; expected a folder that is new`);
}

/** Writes a platform repository, and renders it where packages may be installed. */
export async function createPlatform(answers: Answers, options: CreateOptions): Promise<void> {
  const { root, bellows, install, note } = options;
  const folder = resolve(options.folder);
  await refuseUsed(folder);
  const schema = await readFile(join(root, 'docs', 'platform.schema.json'), 'utf8');
  for (const [path, text] of Object.entries(toFiles(answers, await toPins(root, bellows), schema))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { flag: 'wx' });
  }
  if ((await read(folder, 'git', ['rev-parse', '--git-dir'])) === undefined)
    await run(folder, 'git', ['init', '--quiet', '--initial-branch=main'], 'the files are written');
  if (install) {
    note('installing the packages (about a minute)');
    await run(
      folder,
      'npm',
      ['install', '--no-audit', '--no-fund', '--loglevel=error'],
      'mend that, then: npm install && npm run synth',
    );
    note('rendering dist/');
    await run(folder, 'npm', ['run', '--silent', 'synth'], 'mend that, then: npm run synth');
  }
  await run(folder, 'git', ['add', '--all'], 'the files are written');
}
