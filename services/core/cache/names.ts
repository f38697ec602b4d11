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

/** For a part of a name that may hold anything, and that upper and lower case tell apart everywhere. */
export function toShort(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
