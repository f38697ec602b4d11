import { createHash } from 'node:crypto';

/** Below it everything stands. */
export const folder = 'caches';

/** Where the parts of a repository's caches stand. A pack is named by its content, so that branches share it. */
export function toNames(repository: string) {
  const own = `${folder}/${toShort(repository)}`;
  return {
    entry: (scope: string, identity: string) => `${own}/entries/${toShort(scope)}/${identity}`,
    pack: (sha256: string) => `${own}/packs/${sha256}`,
  };
}

/** What a name is of: `entries`, `used` or `packs`. */
export const toKind = (name: string): string | undefined => name.split('/')[2];

/**
 * Of an entry's mark: empty, and put anew when the entry is read. No store tells when something was, and not every
 * bucket makes a blob younger that is copied onto itself.
 */
export const toMark = (entry: string): string => entry.replace('/entries/', '/used/');

/** A pack of the same repository. */
export const toPack = (entry: string, sha256: string): string =>
  [...entry.split('/').slice(0, 2), 'packs', sha256].join('/');

/** For a part of a name that may hold anything, and that upper and lower case tell apart everywhere. */
export function toShort(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
