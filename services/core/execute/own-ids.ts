import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Why a user who is not root can have no ids for the files of an image, with what to do; undefined where they can.
 *
 * @param status of this process: proc(5)
 */
export function refuseIds(uid: number, folder = '/etc', status = '/proc/self/status'): string | undefined {
  // newuidmap(1) would have to become root, which no process below this one can.
  if (readLines(status).some((line) => /^NoNewPrivs:\s*1$/.test(line)))
    return 'its agent can get no further rights, as in a Pod of the profile `restricted`, and an image holds files of many users: let `labels` choose a pool whose agents run on a machine of their own, by ./bellows up';
  if (hasOwnIds(uid, folder)) return undefined;
  return 'a user who is not root needs a range of ids for it: apt-get install uidmap, then usermod --add-subuids 100000-165535 --add-subgids 100000-165535 and the name of the user';
}

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
