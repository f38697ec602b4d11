import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { createBreath } from './breath.ts';
import type { FolderEntry, LinkEntry } from './entry.ts';
import { type Stamp, toStamp } from './sources.ts';

/** A root on this machine. */
export interface Place {
  /** Where it stands. */
  place: string;
  /** The job's tree or home, which is above. */
  base: string;
}

/** What stands in the roots of a cache. Paths begin with the number of their root. */
export interface Scan {
  files: Map<string, Stamp & { mode: number }>;
  folders: FolderEntry[];
  links: LinkEntry[];
  twins: LinkEntry[];
  bytes: number;
}

/**
 * Goes through the roots, links not followed. Devices, sockets, pipes, what is another user's, and links that lead out
 * are left out. Whoever filled them must have ended.
 *
 * @param owner whose files are kept; others were never a step's
 * @param isInside whether a link at a path may lead there
 */
export async function scan(
  roots: readonly Place[],
  owner: number | undefined,
  isInside: (path: string, target: string) => boolean,
): Promise<Scan> {
  const found: Scan = { files: new Map(), folders: [], links: [], twins: [], bytes: 0 };
  const names = new Map<number, string>();
  const breathe = createBreath();
  const waiting = roots
    .map(({ place, base }, i) => ({ place, base, path: String(i) }))
    .filter(({ place, base }) => hasRealParents(place, base))
    .reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { place, base, path } = next;
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) continue;
    const isOwn = owner === undefined || stats.uid === owner;
    if (stats.isDirectory()) {
      found.folders.push([path, stats.mode & 0o777, toStamp(stats).mtimeUs]);
      const below = readdirSync(place).sort().reverse();
      for (const name of below) waiting.push({ place: join(place, name), base, path: `${path}/${name}` });
    } else if (stats.isFile() && isOwn) {
      const twin = stats.nlink > 1 ? names.get(stats.ino) : undefined;
      if (twin !== undefined) found.twins.push([path, twin]);
      else {
        names.set(stats.ino, path);
        found.files.set(path, { ...toStamp(stats), mode: stats.mode & 0o777 });
        found.bytes += stats.size;
      }
    } else if (stats.isSymbolicLink() && isOwn && isInside(path, readlinkSync(place)))
      found.links.push([path, readlinkSync(place)]);
    await breathe();
  }
  return found;
}

/** Whether a link in one of the roots stays in the job's own tree or home, by its text alone. */
export function createInside(roots: readonly Place[]) {
  return (path: string, target: string): boolean => {
    const [root = '', ...rest] = path.split('/');
    const found = roots[Number(root)];
    if (found === undefined || target.startsWith('/') || target.includes('\0')) return false;
    const leads = join(dirname(join(found.place, ...rest)), target);
    return leads === found.base || leads.startsWith(found.base + sep);
  };
}

/** False where a step has put a link in place of a folder above: it may lead to what is hidden from steps. */
function hasRealParents(place: string, base: string): boolean {
  for (let folder = dirname(place); ; folder = dirname(folder)) {
    if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
    if (folder === base) return true;
  }
}
