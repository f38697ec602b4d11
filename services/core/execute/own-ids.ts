import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Whether a user has a range of ids of their own, as user namespaces take them: subuid(5) and subgid(5), by name
 * or number.
 *
 * @param folder where those files are, and passwd(5)
 */
export function hasOwnIds(uid: number, folder = '/etc'): boolean {
  const names = [String(uid), toName(uid, folder)];
  return ['subuid', 'subgid'].every((file) =>
    readLines(join(folder, file)).some((line) => names.includes(line.split(':')[0] ?? '')),
  );
}

function toName(uid: number, folder: string): string | undefined {
  return readLines(join(folder, 'passwd'))
    .map((line) => line.split(':'))
    .find(([, , of]) => of === String(uid))?.[0];
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // not there: nobody has any
  }
}
