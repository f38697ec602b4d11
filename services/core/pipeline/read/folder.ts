import type { Path } from '../document.ts';
import type { Reader } from './reader.ts';

/** A folder of the workspace. */
export function toFolder(reader: Reader, given: string | undefined, path: Path): string {
  const folder = reader.text(given ?? '.', path);
  const parts = folder.split('/');
  if (folder === '' || folder.startsWith('/') || folder.includes('\0') || parts.includes('..'))
    reader.fail(path, `the directory ${JSON.stringify(folder)} is not below the workspace`);
  return folder;
}
